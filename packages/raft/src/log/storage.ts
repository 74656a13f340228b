/**
 * The durable log as Raft reads it. All calls are synchronous and must see every write whose completion Raft
 * was told of (advance, or a storage response); a failing disk throws and ends the replica.
 * Invariant: term(firstIndex − 1) stays known after compaction, or the next append could not be matched.
 */
import type { Entry } from '../model/entry';
import type { ConfState } from '../model/conf-state';
import type { LogIndex, Term } from '../model/ids';
import type { Snapshot } from '../model/snapshot';
import type { HardState } from '../model/state';

export interface InitialState {
  readonly hardState: HardState;
  readonly confState: ConfState;
}

export interface RaftStorage {
  initialState(): InitialState;
  /**
   * The entries lo … hi−1, cut so that their entrySizeBytes sum stays within maxBytes, yet at least one.
   * undefined: `lo` is compacted. Raft never asks beyond lastIndex.
   */
  entries(lo: LogIndex, hi: LogIndex, maxBytes: number): readonly Entry[] | undefined;
  /** Known for firstIndex−1 … lastIndex; undefined elsewhere. */
  term(index: LogIndex): Term | undefined;
  /** The first index that entries() can give; last snapshot's index + 1 at the latest. */
  firstIndex(): LogIndex;
  /** firstIndex − 1 when empty. */
  lastIndex(): LogIndex;
  /** The newest snapshot, index ≥ firstIndex − 1; undefined: none at hand now, Raft asks again later. */
  snapshot(): Snapshot | undefined;
}
