/**
 * Payments whose callers heard UNKNOWN and that have not ended here since: while their run still drives them, so that operators see them;
 * and once it has given up, because the home did not answer for as long as it may be asked, until the home answers again. Then they are
 * ended within seconds, by RESOLVE: their callers may never come back, and where no leg was prepared nobody else would ask.
 * Only for speed and for display: what is lost of this (a crash, a full list) is left to the journal's sweeps.
 */
import type { GlobalTransaction } from '@mas/two-phase-commit';
import { delay, type BucketId, type Clock, type TxnId } from '@mas/values';
import type { CoordinatorConfig } from '../coordinator-config';
import type { CoordinatorCounters } from '../coordinator-counters';

/** Between two questions to a home that did not answer; each of them waits for an answer as long as a decision may. */
const PAUSE_MIN_MS = 250;
const PAUSE_MAX_MS = 2_000;
/** Asked at once, when a home answers again. */
const AT_ONCE = 1_000;

interface OpenPayment {
  readonly transaction: GlobalTransaction;
  /** Nobody drives it any more. */
  readonly isLeft: boolean;
}

export class Unfinished {
  private readonly open = new Map<TxnId, OpenPayment>();
  private readonly asked = new Set<BucketId>();
  private stopped = false;

  /** @param finish asks the home to resolve and obeys; true when it has answered. */
  constructor(
    private readonly clock: Clock,
    private readonly config: CoordinatorConfig,
    private readonly counters: CoordinatorCounters,
    private readonly finish: (transaction: GlobalTransaction) => Promise<boolean>,
  ) {}

  list(): readonly GlobalTransaction[] {
    return [...this.open.values()].map(({ transaction }) => transaction);
  }

  /** When the first of them began, by the monotonic clock; null: there is none. */
  oldestMs(): number | null {
    let oldest: number | null = null;
    for (const { transaction } of this.open.values()) oldest = Math.min(oldest ?? Infinity, transaction.plan.startedAtMs);
    return oldest;
  }

  get size(): number {
    return this.open.size;
  }

  find(isIt: (transaction: GlobalTransaction) => boolean): GlobalTransaction | null {
    for (const { transaction } of this.open.values()) if (isIt(transaction)) return transaction;
    return null;
  }

  /** The caller has heard UNKNOWN; the run goes on. */
  unknown(transaction: GlobalTransaction): void {
    this.put({ transaction, isLeft: false });
  }

  /** The run has given up. */
  left(transaction: GlobalTransaction): void {
    if (this.put({ transaction, isLeft: true })) void this.askAgain(transaction.homeBucket);
  }

  ended(txn: TxnId): void {
    if (this.open.size > 0) this.open.delete(txn);
  }

  stop(): void {
    this.stopped = true;
  }

  private put(payment: OpenPayment): boolean {
    const { txn } = payment.transaction.plan;
    if (!this.open.has(txn) && this.open.size >= this.config.maxUnfinished) {
      this.counters.unfinishedDropped += 1;
      return false;
    }
    this.open.set(txn, payment);
    return true;
  }

  /** One at a time while the bucket does not answer; all of them once it does. */
  private async askAgain(bucket: BucketId): Promise<void> {
    if (this.asked.has(bucket)) return;
    this.asked.add(bucket);
    let pauseMs = PAUSE_MIN_MS;
    for (;;) {
      await delay(this.clock, pauseMs);
      const [first, ...others] = this.leftAt(bucket);
      if (first === undefined || this.stopped) break;
      if (await this.finishOne(first)) {
        pauseMs = PAUSE_MIN_MS;
        await Promise.all(others.slice(0, AT_ONCE).map((transaction) => this.finishOne(transaction)));
      } else {
        pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS);
      }
    }
    this.asked.delete(bucket);
  }

  private async finishOne(transaction: GlobalTransaction): Promise<boolean> {
    const answered = await this.finish(transaction);
    const { txn } = transaction.plan;
    const still = this.open.get(txn);
    this.open.delete(txn);
    // Behind the others: one that cannot be ended keeps nobody from being asked about.
    if (!answered && still !== undefined) this.open.set(txn, still);
    return answered;
  }

  private leftAt(bucket: BucketId): readonly GlobalTransaction[] {
    return [...this.open.values()].filter(({ transaction, isLeft }) => isLeft && transaction.homeBucket === bucket).map(({ transaction }) => transaction);
  }
}
