/**
 * Payments at a steady pace, whatever becomes of those before (an open loop: who waits for answers asks less while nothing works,
 * and sees less of it). Each one's beginning, end and outcome, and the buckets that it touches.
 */
import type { Books, Entry } from '@mas/e2e';
import { MasCallFailed, type MasClient, type PaymentInput } from '@mas/rpc';
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

const TICK_MS = 10;

export class PaymentFlow {
  /** In the order of their beginnings; times are performance.now(). */
  readonly paid: Paid[] = [];
  private readonly waiting = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private begun = 0;
  private startedMs = 0;

  constructor(
    private readonly client: Pick<MasClient, 'createPayment'>,
    private readonly books: Books,
    private readonly next: () => PaymentInput,
    private readonly bucketsOf: (payment: PaymentInput) => ReadonlySet<number>,
    private readonly perSecond: number,
  ) {}

  start(): void {
    this.startedMs = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Begins nothing more; calls under way go on. */
  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Resolves when no call is under way. */
  async ended(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all(this.waiting);
  }

  /** Committed per second over the last `windowMs`. */
  rate(windowMs: number): number {
    const sinceMs = performance.now() - windowMs;
    return (this.paid.filter((one) => one.outcome === 'committed' && (one.endMs ?? 0) >= sinceMs).length * 1000) / windowMs;
  }

  private tick(): void {
    const due = Math.floor(((performance.now() - this.startedMs) * this.perSecond) / 1000);
    for (; this.begun < due; this.begun += 1) {
      const sending = this.send(this.next());
      this.waiting.add(sending);
      void sending.finally(() => this.waiting.delete(sending));
    }
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
