/**
 * The log as Raft sees it: durable part (storage) and unstable tail as one, with the three marks
 *   applied ≤ applying ≤ committed ≤ lastIndex.
 * Committed entries never change: every truncation is checked against `committed`.
 */
import { invariant, present } from '@mas/values';
import { countWithin, entriesSizeBytes, type Entry, type EntryId } from '../model/entry';
import { indexPlus, minIndex, ZERO_INDEX, ZERO_TERM, type LogIndex, type Term } from '../model/ids';
import type { Snapshot, SnapshotMetadata } from '../model/snapshot';
import { ApplyWindow } from './apply-window';
import type { RaftStorage } from './storage';
import { Unstable } from './unstable';

const NO_ENTRIES: readonly Entry[] = [];

export class RaftLog {
  readonly unstable: Unstable;
  private readonly window: ApplyWindow;
  private commitIndex: LogIndex;

  constructor(
    private readonly storage: RaftStorage,
    maxApplyingBytes: number,
  ) {
    const compacted = indexPlus(storage.firstIndex(), -1);
    this.unstable = new Unstable(indexPlus(storage.lastIndex(), 1));
    this.window = new ApplyWindow(compacted, maxApplyingBytes);
    this.commitIndex = compacted;
  }

  get committed(): LogIndex {
    return this.commitIndex;
  }

  get applied(): LogIndex {
    return this.window.applied;
  }

  /** Limit of the bytes that one look at unapplied entries may load. */
  get pageBytes(): number {
    return this.window.maxBytes;
  }

  firstIndex(): LogIndex {
    return this.unstable.firstIndex() ?? this.storage.firstIndex();
  }

  lastIndex(): LogIndex {
    return this.unstable.lastIndex() ?? this.storage.lastIndex();
  }

  lastId(): EntryId {
    const index = this.lastIndex();
    return { term: present(this.term(index), `term of the last entry ${index}`), index };
  }

  /** undefined: compacted, or beyond the end. */
  term(index: LogIndex): Term | undefined {
    const unstable = this.unstable.term(index);
    if (unstable !== undefined) return unstable;
    if (index + 1 < this.firstIndex() || index > this.lastIndex()) return undefined;
    return this.storage.term(index);
  }

  matches(term: Term, index: LogIndex): boolean {
    return this.term(index) === term;
  }

  /** Raft paper 5.4.1: whether a log that ends with `their` last entry has everything committed that ours shows. */
  isUpToDate(theirs: EntryId): boolean {
    const ours = this.lastId();
    return theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index);
  }

  /** A leader's new entries. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    invariant(first.index > this.commitIndex, 'committed entries are never replaced', { from: first.index, committed: this.commitIndex });
    this.unstable.truncateAndAppend(entries);
  }

  /** The first of `entries` that this log lacks or has with another term; undefined when it has them all. */
  firstConflict(entries: readonly Entry[]): Entry | undefined {
    for (const entry of entries) if (!this.matches(entry.term, entry.index)) return entry;
    return undefined;
  }

  /**
   * Best guess where this log and one that has (term, index) stop agreeing: the largest index ≤ `index` whose
   * term here is ≤ `term`. Skips whole terms that cannot match (Raft paper 5.3, last paragraph).
   * The term is 0 when the guess is compacted or absent here.
   */
  lastPossibleMatch(index: LogIndex, term: Term): EntryId {
    for (let at = index; at > 0; at = indexPlus(at, -1)) {
      const ours = this.term(at);
      if (ours === undefined) return { index: at, term: ZERO_TERM };
      if (ours <= term) return { index: at, term: ours };
    }
    return { index: ZERO_INDEX, term: ZERO_TERM };
  }

  commitTo(index: LogIndex): void {
    if (index <= this.commitIndex) return;
    invariant(index <= this.lastIndex(), 'a committed entry is in the log; it was lost or truncated', { commit: index, last: this.lastIndex() });
    this.commitIndex = index;
  }

  /** `index` is on a quorum. Raft paper 5.4.2: only an entry of the own term is committed by counting. */
  maybeCommit(term: Term, index: LogIndex): boolean {
    if (term === 0 || index <= this.commitIndex || !this.matches(term, index)) return false;
    this.commitTo(index);
    return true;
  }

  appliedTo(index: LogIndex, bytes: number): void {
    invariant(index <= this.commitIndex, 'only committed entries are applied', { index, committed: this.commitIndex });
    this.window.appliedTo(index, bytes);
  }

  /** @param allowUnstable whether entries may be applied that are not known to be durable here. */
  hasNextCommitted(allowUnstable: boolean): boolean {
    // A snapshot goes first, alone: what would be applied after it depends on it.
    if (this.window.isPaused || this.unstable.snapshot !== undefined) return false;
    return this.window.applying < this.maxAppliable(allowUnstable);
  }

  nextCommitted(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommitted(allowUnstable)) return NO_ENTRIES;
    const lo = indexPlus(this.window.applying, 1);
    const hi = indexPlus(this.maxAppliable(allowUnstable), 1);
    return present(this.slice(lo, hi, this.window.roomBytes()), 'unapplied entries');
  }

  acceptApplying(entries: readonly Entry[], allowUnstable: boolean): void {
    const last = present(entries[entries.length - 1], 'last entry handed out for applying').index;
    this.window.handOut(last, entriesSizeBytes(entries), this.maxAppliable(allowUnstable));
  }

  snapshot(): Snapshot | undefined {
    return this.unstable.snapshot ?? this.storage.snapshot();
  }

  restore(snapshot: Snapshot): void {
    this.commitIndex = snapshot.metadata.index;
    this.unstable.restore(snapshot);
  }

  snapshotInstalled(metadata: SnapshotMetadata): void {
    this.unstable.snapshotStableTo(metadata.index);
  }

  /** From `lo` to the end within maxBytes (at least one); undefined when `lo` is compacted. */
  entriesFrom(lo: LogIndex, maxBytes: number): readonly Entry[] | undefined {
    const last = this.lastIndex();
    return lo > last ? NO_ENTRIES : this.slice(lo, indexPlus(last, 1), maxBytes);
  }

  /** lo … hi−1 within maxBytes, at least one; undefined when `lo` is compacted. */
  slice(lo: LogIndex, hi: LogIndex, maxBytes: number): readonly Entry[] | undefined {
    invariant(lo <= hi && hi <= this.lastIndex() + 1, 'a slice lies within the log', { lo, hi, last: this.lastIndex() });
    if (lo < this.firstIndex()) return undefined;
    if (lo === hi) return NO_ENTRIES;
    const offset = this.unstable.offset;
    if (lo >= offset) return limit(this.unstable.slice(lo, hi), maxBytes);
    const cut = minIndex(hi, offset);
    const stored = this.storage.entries(lo, cut, maxBytes);
    // A shorter answer than asked for means that the limit is reached.
    if (stored === undefined || hi <= offset || stored.length < cut - lo) return stored;
    const room = maxBytes - entriesSizeBytes(stored);
    if (room <= 0) return stored;
    const tail = limit(this.unstable.slice(offset, hi), room);
    return entriesSizeBytes(tail) > room ? stored : [...stored, ...tail];
  }

  private maxAppliable(allowUnstable: boolean): LogIndex {
    return allowUnstable ? this.commitIndex : minIndex(this.commitIndex, indexPlus(this.unstable.offset, -1));
  }
}

function limit(entries: readonly Entry[], maxBytes: number): readonly Entry[] {
  const count = countWithin(entries, maxBytes);
  return count === entries.length ? entries : entries.slice(0, count);
}
