/**
 * The tail of the log that is not known to be durable, and a snapshot that is not yet installed.
 * Entries stay here while they are being written, so that reads never depend on how far a write has come.
 *   entries[i] has index offset + i;  offset ≤ inProgress: below `inProgress` a write was handed out.
 * `offset` may lie inside what storage already holds: the next write then truncates there.
 */
import { invariant, present } from '@mas/values';
import type { Entry, EntryId } from '../model/entry';
import { indexPlus, maxIndex, minIndex, type LogIndex, type Term } from '../model/ids';
import type { Snapshot } from '../model/snapshot';

const NO_ENTRIES: readonly Entry[] = [];

export class Unstable {
  private held: Entry[] = [];
  private pendingSnapshot: Snapshot | undefined;
  private snapshotInProgress = false;
  private inProgress: LogIndex;

  constructor(private first: LogIndex) {
    this.inProgress = first;
  }

  get offset(): LogIndex {
    return this.first;
  }

  get snapshot(): Snapshot | undefined {
    return this.pendingSnapshot;
  }

  /** Entries not known to be durable, in progress or not. */
  get length(): number {
    return this.held.length;
  }

  firstIndex(): LogIndex | undefined {
    return this.pendingSnapshot === undefined ? undefined : indexPlus(this.pendingSnapshot.metadata.index, 1);
  }

  lastIndex(): LogIndex | undefined {
    if (this.held.length > 0) return indexPlus(this.first, this.held.length - 1);
    return this.pendingSnapshot?.metadata.index;
  }

  term(index: LogIndex): Term | undefined {
    if (index >= this.first) return this.held[index - this.first]?.term;
    const metadata = this.pendingSnapshot?.metadata;
    return metadata?.index === index ? metadata.term : undefined;
  }

  hasNextEntries(): boolean {
    return this.held.length > this.inProgress - this.first;
  }

  /** What has not been handed out for writing. */
  nextEntries(): readonly Entry[] {
    return this.hasNextEntries() ? this.held.slice(this.inProgress - this.first) : NO_ENTRIES;
  }

  nextSnapshot(): Snapshot | undefined {
    return this.snapshotInProgress ? undefined : this.pendingSnapshot;
  }

  /** Everything here is being written from now on. */
  acceptInProgress(): void {
    if (this.held.length > 0) this.inProgress = indexPlus(this.first, this.held.length);
    if (this.pendingSnapshot !== undefined) this.snapshotInProgress = true;
  }

  /**
   * Entries up to `id` are durable. Ignored when the entry here is another one: the tail was replaced while
   * the write ran, and the write of the replacement is still under way.
   */
  stableTo(id: EntryId): void {
    if (id.index < this.first || this.term(id.index) !== id.term) return;
    const count = id.index + 1 - this.first;
    if (count === this.held.length) this.held = [];
    else this.held.splice(0, count);
    this.first = indexPlus(id.index, 1);
    this.inProgress = maxIndex(this.inProgress, this.first);
  }

  snapshotStableTo(index: LogIndex): void {
    if (this.pendingSnapshot?.metadata.index !== index) return;
    this.pendingSnapshot = undefined;
    this.snapshotInProgress = false;
  }

  /** The snapshot takes the place of the whole log. */
  restore(snapshot: Snapshot): void {
    this.first = indexPlus(snapshot.metadata.index, 1);
    this.inProgress = this.first;
    this.held = [];
    this.pendingSnapshot = snapshot;
    this.snapshotInProgress = false;
  }

  truncateAndAppend(entries: readonly Entry[]): void {
    const from = present(entries[0], 'first entry of an append').index;
    if (from <= this.first) {
      this.held = entries.slice();
      this.first = from;
      this.inProgress = from;
      return;
    }
    const kept = from - this.first;
    invariant(kept <= this.held.length, 'an append leaves no gap', { from, offset: this.first, held: this.held.length });
    if (kept < this.held.length) {
      this.held.length = kept;
      this.inProgress = minIndex(this.inProgress, from);
    }
    for (const entry of entries) this.held.push(entry);
  }

  slice(lo: LogIndex, hi: LogIndex): readonly Entry[] {
    const upper = this.first + this.held.length;
    invariant(lo <= hi && lo >= this.first && hi <= upper, 'a slice of the unstable log lies within it', { lo, hi, upper });
    return this.held.slice(lo - this.first, hi - this.first);
  }
}
