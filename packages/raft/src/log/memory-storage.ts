/**
 * RaftStorage in memory, for tests and simulators. It keeps what it was given exactly as a disk would after
 * each write; whether a write survives a crash is the owner's decision (see copy()).
 */
import { invariant, present } from '@mas/values';
import { EMPTY_CONF_STATE, type ConfState } from '../model/conf-state';
import { countWithin, NO_DATA, type Entry } from '../model/entry';
import { indexPlus, ZERO_INDEX, ZERO_TERM, type LogIndex, type Term } from '../model/ids';
import type { Snapshot } from '../model/snapshot';
import type { HardState } from '../model/state';
import type { InitialState, RaftStorage } from './storage';

const EMPTY_SNAPSHOT: Snapshot = {
  metadata: { index: ZERO_INDEX, term: ZERO_TERM, confState: EMPTY_CONF_STATE },
  data: NO_DATA,
};

export class MemoryStorage implements RaftStorage {
  private hardState: HardState = { term: ZERO_TERM, vote: undefined, commit: ZERO_INDEX };
  private latestSnapshot: Snapshot = EMPTY_SNAPSHOT;
  /** The entry before the first one we hold: compacted, but its term is still needed. */
  private base: { readonly index: LogIndex; readonly term: Term } = { index: ZERO_INDEX, term: ZERO_TERM };
  private log: Entry[] = [];

  initialState(): InitialState {
    return { hardState: this.hardState, confState: this.latestSnapshot.metadata.confState };
  }

  entries(lo: LogIndex, hi: LogIndex, maxBytes: number): readonly Entry[] | undefined {
    if (lo <= this.base.index) return undefined;
    invariant(hi <= this.lastIndex() + 1, 'storage is asked for entries it has', { hi, last: this.lastIndex() });
    const wanted = this.log.slice(lo - this.base.index - 1, hi - this.base.index - 1);
    const count = countWithin(wanted, maxBytes);
    return count === wanted.length ? wanted : wanted.slice(0, count);
  }

  term(index: LogIndex): Term | undefined {
    if (index === this.base.index) return this.base.term;
    return this.log[index - this.base.index - 1]?.term;
  }

  firstIndex(): LogIndex {
    return indexPlus(this.base.index, 1);
  }

  lastIndex(): LogIndex {
    return indexPlus(this.base.index, this.log.length);
  }

  snapshot(): Snapshot | undefined {
    return this.latestSnapshot;
  }

  setHardState(hardState: HardState): void {
    this.hardState = hardState;
  }

  /** Writes entries over whatever the log has from the first one's index on. */
  append(entries: readonly Entry[]): void {
    const held = entries.filter((entry) => entry.index > this.base.index);
    const first = held[0];
    if (first === undefined) return;
    const at = first.index - this.base.index - 1;
    invariant(at <= this.log.length, 'an append leaves no gap', { last: this.lastIndex(), first: first.index });
    if (at < this.log.length) this.log.length = at;
    for (const entry of held) this.log.push(entry);
  }

  /** Replaces the log. @returns false, and changes nothing, when the snapshot is not newer than the one held. */
  applySnapshot(snapshot: Snapshot): boolean {
    const { index, term } = snapshot.metadata;
    const held = this.latestSnapshot.metadata.index;
    if (held !== 0 && held >= index) return false;
    this.latestSnapshot = snapshot;
    this.base = { index, term };
    this.log = [];
    return true;
  }

  /** Makes a snapshot at `index` without touching the log. @returns undefined when one at least as new exists. */
  createSnapshot(index: LogIndex, confState: ConfState, data: Uint8Array): Snapshot | undefined {
    if (index <= this.latestSnapshot.metadata.index) return undefined;
    const term = present(this.term(index), `term of the snapshot index ${index}`);
    this.latestSnapshot = { metadata: { index, term, confState }, data };
    return this.latestSnapshot;
  }

  /** Drops entries up to and including `index`. @returns false when that happened before. */
  compact(index: LogIndex): boolean {
    if (index <= this.base.index) return false;
    const term = present(this.term(index), `term of the compaction index ${index}`);
    this.log = this.log.slice(index - this.base.index);
    this.base = { index, term };
    return true;
  }

  /** An independent storage with the same content: what a crash at this moment leaves behind. */
  copy(): MemoryStorage {
    const twin = new MemoryStorage();
    twin.hardState = this.hardState;
    twin.latestSnapshot = this.latestSnapshot;
    twin.base = this.base;
    twin.log = this.log.slice();
    return twin;
  }
}
