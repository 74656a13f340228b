/** Small builders for tests of logs, and a dump of everything a store shows of its groups, comparable with toEqual. */
import { logIndex, nodeId, NO_LIMIT, term, type ConfState, type Entry, type EntryId, type HardState } from '@mas/raft';
import type { LogStore, LogWrite } from '@mas/multi-raft';
import { bucketId, type BucketId } from '@mas/values';

export const THREE_VOTERS: ConfState = { voters: [nodeId(1), nodeId(2), nodeId(3)], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

export function id(index: number, ofTerm: number): EntryId {
  return { index: logIndex(index), term: term(ofTerm) };
}

export function entry(index: number, ofTerm: number, text: string): Entry {
  return { index: logIndex(index), term: term(ofTerm), type: 'normal', data: Buffer.from(text) };
}

export function entries(from: number, to: number, ofTerm: number): readonly Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, ofTerm, `entry ${from + i} of term ${ofTerm}`));
}

export function hardState(ofTerm: number, vote: number | undefined, commit: number): HardState {
  return { term: term(ofTerm), vote: vote === undefined ? undefined : nodeId(vote), commit: logIndex(commit) };
}

export function write(written: readonly Entry[], state?: HardState): LogWrite {
  return { entries: written, hardState: state, mustSync: true };
}

export function appended(store: LogStore, group: BucketId, logWrite: LogWrite): Promise<void> {
  return new Promise((resolve) => store.append(group, logWrite, resolve));
}

export const G1 = bucketId(1);
export const G2 = bucketId(2);

export function dump(store: LogStore, groups: readonly BucketId[]): unknown {
  return groups.map((group) => {
    const storage = store.storage(group);
    if (storage === undefined) return { group, absent: true };
    const held = storage.firstIndex() > storage.lastIndex() ? [] : (storage.entries(storage.firstIndex(), logIndex(storage.lastIndex() + 1), NO_LIMIT) ?? []);
    return {
      group,
      state: storage.initialState(),
      snapshot: storage.snapshot()?.metadata,
      entries: held.map((each) => `${each.term}/${each.index}/${each.type}/${Buffer.from(each.data).toString('latin1')}`),
    };
  });
}
