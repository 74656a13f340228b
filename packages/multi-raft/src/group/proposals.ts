/**
 * The proposals of one group, from the caller's call to their fate. First they queue, certain not to be in any log;
 * then the leader's log has them at (term, index), and their fate is that of this entry:
 *   applied here                            → applied, with the applier's result for this very entry
 *   leadership lost, not known as committed → unknown: a successor may have the entry or not
 * An entry that is committed when leadership is lost is still applied here, so its proposal waits for its result.
 */
import type { ProposalResult } from '../host';

export type Settle<Result> = (fate: ProposalResult<Result>) => void;

export interface ProposalLimits {
  readonly maxQueuedProposals: number;
  readonly maxQueuedProposalBytes: number;
}

interface Queued<Result> {
  readonly data: Uint8Array;
  readonly settle: Settle<Result>;
}

export class ProposalQueue<Result> {
  private queue: Queued<Result>[] = [];
  private bytes = 0;

  constructor(private readonly limits: ProposalLimits) {}

  get length(): number {
    return this.queue.length;
  }

  /** @returns false when the queue is full. */
  offer(data: Uint8Array, settle: Settle<Result>): boolean {
    if (this.queue.length >= this.limits.maxQueuedProposals) return false;
    if (this.queue.length > 0 && this.bytes + data.length > this.limits.maxQueuedProposalBytes) return false;
    this.queue.push({ data, settle });
    this.bytes += data.length;
    return true;
  }

  /** The oldest ones, at most so many and at most so many bytes, at least one; they stay until taken(). */
  peek(maxCount: number, maxBytes: number): readonly Uint8Array[] {
    const data: Uint8Array[] = [];
    let bytes = 0;
    for (const one of this.queue) {
      bytes += one.data.length;
      if (data.length === maxCount || (data.length > 0 && bytes > maxBytes)) break;
      data.push(one.data);
    }
    return data;
  }

  /** The oldest `count` leave the queue. */
  taken(count: number): readonly Settle<Result>[] {
    const settles: Settle<Result>[] = [];
    const leaving = count === this.queue.length ? this.queue : this.queue.splice(0, count);
    if (leaving === this.queue) this.queue = [];
    for (const one of leaving) {
      settles.push(one.settle);
      this.bytes -= one.data.length;
    }
    return settles;
  }

  /** Nothing of the queue reached any log. */
  refuseAll(fate: ProposalResult<Result>): void {
    for (const settle of this.taken(this.queue.length)) settle(fate);
  }
}

interface Batch<Result> {
  readonly term: number;
  readonly firstIndex: number;
  readonly settles: readonly Settle<Result>[];
}

const UNKNOWN = { kind: 'unknown' } as const;

/** Proposals that are in this replica's log, in order of their index. */
export class PendingProposals<Result> {
  private batches: Batch<Result>[] = [];
  /** Of the first batch, how many are settled. */
  private settledOfFirst = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  appended(term: number, firstIndex: number, settles: readonly Settle<Result>[]): void {
    this.batches.push({ term, firstIndex, settles });
    this.count += settles.length;
  }

  /** The entry (term, index) was applied. In order; what was left out (by a snapshot) is unknown. */
  applied(term: number, index: number, result: Result): void {
    for (;;) {
      const first = this.batches[0];
      if (first === undefined || first.firstIndex + this.settledOfFirst > index) return;
      const at = first.firstIndex + this.settledOfFirst;
      // At another term this is not the entry that was proposed, which therefore never commits; the caller
      // learns what is true in any case.
      const fate: ProposalResult<Result> = at === index && first.term === term ? { kind: 'applied', index, term, result } : UNKNOWN;
      this.settleFirst(first, fate);
    }
  }

  /** Leadership is lost: what is not known as committed has an unknown fate. */
  abandonAbove(commit: number): void {
    const abandoned: Settle<Result>[] = [];
    const kept: Batch<Result>[] = [];
    this.batches.forEach((batch, at) => {
      const from = at === 0 ? this.settledOfFirst : 0;
      const keep = Math.min(Math.max(commit - batch.firstIndex + 1, from), batch.settles.length);
      if (keep > from) kept.push({ ...batch, settles: batch.settles.slice(0, keep) });
      abandoned.push(...batch.settles.slice(keep));
    });
    if (kept.length === 0 || kept[0]?.firstIndex !== this.batches[0]?.firstIndex) this.settledOfFirst = 0;
    this.batches = kept;
    this.count -= abandoned.length;
    for (const settle of abandoned) settle(UNKNOWN);
  }

  /** Applied state took the place of the entries up to `index`: their results are not known here. */
  skippedTo(index: number): void {
    for (;;) {
      const first = this.batches[0];
      if (first === undefined || first.firstIndex + this.settledOfFirst > index) return;
      this.settleFirst(first, UNKNOWN);
    }
  }

  private settleFirst(first: Batch<Result>, fate: ProposalResult<Result>): void {
    const settle = first.settles[this.settledOfFirst];
    this.settledOfFirst += 1;
    this.count -= 1;
    if (this.settledOfFirst === first.settles.length) {
      this.batches.shift();
      this.settledOfFirst = 0;
    }
    settle?.(fate);
  }
}
