/** A leader's own log: appending within the limit of uncommitted bytes, and acknowledging itself. */
import { NO_DATA, payloadBytes, type Entry } from '../model/entry';
import { indexPlus } from '../model/ids';
import type { ProposedEntry } from '../model/message';
import type { Raft } from './raft';

export const EMPTY_ENTRY: ProposedEntry = { type: 'normal', data: NO_DATA };

/**
 * Appends entries at the end of the log in the current term.
 * @returns false when they would exceed the limit of uncommitted bytes; nothing is appended then.
 */
export function appendAsLeader(raft: Raft, proposed: readonly ProposedEntry[]): boolean {
  if (!reserveUncommitted(raft, proposed)) return false;
  const last = raft.log.lastIndex();
  const entries: Entry[] = [];
  for (const { type, data } of proposed) {
    entries.push({ term: raft.term, index: indexPlus(last, entries.length + 1), type, data });
  }
  raft.log.append(entries);
  // The leader counts its own copy like any other: once it is durable. The acknowledgement to itself waits
  // for the write, so replication to others runs in parallel to it (Raft thesis 10.2.1).
  raft.outbox.sendAfterAppend({
    kind: 'append-accepted',
    from: raft.id,
    to: raft.id,
    term: raft.term,
    index: indexPlus(last, entries.length),
  });
  return true;
}

/** Entries were applied, so their bytes no longer count. */
export function releaseUncommitted(raft: Raft, entries: readonly Entry[]): void {
  // After a change of leader the sum starts at 0 although inherited entries are still to be applied.
  raft.uncommittedBytes = Math.max(0, raft.uncommittedBytes - payloadBytes(entries));
}

function reserveUncommitted(raft: Raft, proposed: readonly ProposedEntry[]): boolean {
  let bytes = 0;
  for (const entry of proposed) bytes += entry.data.length;
  // Anything fits into an empty window, however large, and empty entries always fit: a new leader's first
  // entry and the one that leaves a joint configuration must never be refused.
  const tooMuch = raft.uncommittedBytes > 0 && bytes > 0 && raft.uncommittedBytes + bytes > raft.config.maxUncommittedBytes;
  if (!tooMuch) raft.uncommittedBytes += bytes;
  return !tooMuch;
}
