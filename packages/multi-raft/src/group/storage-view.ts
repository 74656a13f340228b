/**
 * The log of one group as its Raft core reads it. The log store knows entries, term and vote; the configuration and
 * the applied index live with the applied state, so the core starts from those. Data of snapshots never passes
 * through the core: what it sends is a marker at the compaction point, and the applier makes the real one.
 */
import {
  indexPlus,
  logIndex,
  NO_DATA,
  term as raftTerm,
  ZERO_TERM,
  type ConfState,
  type Entry,
  type InitialState,
  type LogIndex,
  type RaftStorage,
  type Snapshot,
  type Term,
} from '@mas/raft';
import { present } from '@mas/values';

export class StorageView implements RaftStorage {
  private inner: RaftStorage;

  /** @param lookUp the log store's current storage of this group; a reset may replace it. */
  constructor(
    private readonly lookUp: () => RaftStorage | undefined,
    private readonly confState: () => ConfState,
  ) {
    this.inner = present(lookUp(), 'the log of a group that was reset or recovered');
  }

  /** After a reset. */
  refresh(): void {
    this.inner = present(this.lookUp(), 'the log of a group that was reset');
  }

  initialState(): InitialState {
    const { hardState } = this.inner.initialState();
    const base = this.base();
    // Commit indexes are written without a sync, or not at all, so the stored one may be behind what was compacted.
    const commit = hardState.commit > base.index ? hardState.commit : base.index;
    const isOld = hardState.term < base.term;
    return {
      hardState: { term: isOld ? base.term : hardState.term, vote: isOld ? undefined : hardState.vote, commit },
      confState: this.confState(),
    };
  }

  entries(lo: LogIndex, hi: LogIndex, maxBytes: number): readonly Entry[] | undefined {
    return this.inner.entries(lo, hi, maxBytes);
  }

  term(index: LogIndex): Term | undefined {
    return this.inner.term(index);
  }

  firstIndex(): LogIndex {
    return this.inner.firstIndex();
  }

  lastIndex(): LogIndex {
    return this.inner.lastIndex();
  }

  snapshot(): Snapshot | undefined {
    const { index, term } = this.base();
    return { metadata: { index, term, confState: this.confState() }, data: NO_DATA };
  }

  /** The last compacted entry. */
  base(): { readonly index: LogIndex; readonly term: Term } {
    const index = indexPlus(this.inner.firstIndex(), -1);
    return { index, term: this.inner.term(index) ?? (index === 0 ? ZERO_TERM : raftTerm(0)) };
  }

  /** Whether the log holds this very entry, or starts right behind it. */
  holds(id: { readonly index: number; readonly term: number }): boolean {
    return this.inner.term(logIndex(id.index)) === id.term;
  }
}
