/** Payments at a steady pace (an open loop): each one's beginning, end and outcome, and the buckets that it touches. */
import type { Books, Entry } from '@mas/e2e';
import { MasCallFailed, type MasClient, type PaymentInput } from '@mas/client';
import { OpenLoop } from '../load/open-loop';
import { percentile } from '../raft/statistics';

export interface Paid {
  readonly entry: Entry;
  readonly buckets: ReadonlySet<number>;
  readonly startMs: number;
  /** Of the call; null while it waits. */
  endMs: number | null;
  /** `failed`: the caller gave up without knowing. */
  outcome: 'waits' | 'committed' | 'aborted' | 'failed';
  /** Of an abort or a failure. */
  reason: string;
}

export class PaymentFlow {
  /** In the order of their beginnings; times are performance.now(). */
  readonly paid: Paid[] = [];
  private readonly loop: OpenLoop;

  constructor(
    private readonly client: Pick<MasClient, 'createPayment'>,
    private readonly books: Books,
    private readonly next: () => PaymentInput,
    private readonly bucketsOf: (payment: PaymentInput) => ReadonlySet<number>,
    perSecond: number,
  ) {
    this.loop = new OpenLoop(perSecond, () => this.send(this.next()));
  }

  start(): void {
    this.loop.start();
  }

  /** Begins nothing more; calls under way go on. */
  stop(): void {
    this.loop.stop();
  }

  /** Resolves when no call is under way. */
  ended(): Promise<void> {
    return this.loop.ended();
  }

  /** Committed per second over the last `windowMs`. */
  rate(windowMs: number): number {
    const sinceMs = performance.now() - windowMs;
    return (this.paid.filter((one) => one.outcome === 'committed' && (one.endMs ?? 0) >= sinceMs).length * 1000) / windowMs;
  }

  private async send(payment: PaymentInput): Promise<void> {
    const entry = this.books.asked(payment);
    const paid: Paid = { entry, buckets: this.bucketsOf(payment), startMs: performance.now(), endMs: null, outcome: 'waits', reason: '' };
    this.paid.push(paid);
    try {
      const result = await this.client.createPayment(payment);
      paid.outcome = result.kind === 'unknown' ? 'failed' : result.kind;
      paid.reason = result.kind === 'aborted' ? result.reason.name : result.kind === 'unknown' ? 'UNKNOWN' : '';
      if (result.kind !== 'unknown') this.books.answered(entry, result.kind, result.kind === 'aborted' ? result.reason.name : null);
    } catch (error) {
      if (!(error instanceof MasCallFailed)) throw error;
      paid.outcome = 'failed';
      paid.reason = error.error.reason;
    }
    paid.endMs = performance.now();
  }
}

/** Whatever became of them. */
export function latencies(paid: readonly Paid[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const took = paid.map((one) => (one.endMs ?? one.startMs) - one.startMs);
  return { p50Ms: percentile(took, 50), p99Ms: percentile(took, 99) };
}

export function countOf(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}
