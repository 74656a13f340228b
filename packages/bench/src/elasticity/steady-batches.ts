/** Batches at a steady pace, of the size by which it was measured what the cluster can do (small ones cost more a payment): how many end, how long each takes, what fails. */
import { encodePayment, type MasClient } from '@mas/client';
import { OpenLoop } from '../load/open-loop';
import { UNIFORM, type PaymentSource } from '../load/payment-load';
import { BATCH_SIZE } from '../load/payment-scenario';
import { percentile } from '../raft/statistics';

export interface PacedFigures {
  readonly perSecond: number;
  readonly seconds: number;
  readonly payments: number;
  readonly committedPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** By what was answered instead of COMMITTED; NOT_BEGUN: too many batches were under way. */
  readonly failed: Readonly<Record<string, number>>;
}

/** Of batches. Callers who do not hear do not ask for more: without such a bound a cluster that is too slow for a moment is buried for good. */
const MOST_UNDER_WAY = 16;

/** @param work goes on beside them; they end with it, and not before `leastMs` */
export async function pacedBatches(
  client: MasClient,
  load: PaymentSource,
  perSecond: number,
  leastMs: number,
  work: () => Promise<unknown>,
): Promise<PacedFigures> {
  const tookMs: number[] = [];
  const failed: Record<string, number> = {};
  const fails = (reason: string, count: number): void => void (failed[reason] = (failed[reason] ?? 0) + count);
  let committed = 0;
  let underWay = 0;
  const loop = new OpenLoop(perSecond / BATCH_SIZE, async () => {
    if (underWay >= MOST_UNDER_WAY) return fails('NOT_BEGUN', BATCH_SIZE);
    underWay += 1;
    const startedMs = performance.now();
    try {
      for (const reply of await client.payments.many(Array.from({ length: BATCH_SIZE }, () => encodePayment(load.next(UNIFORM))))) {
        if (reply.ok && reply.value.kind === 'committed') committed += 1;
        else fails(reply.ok ? (reply.value.kind === 'aborted' ? reply.value.reason.name : reply.value.kind) : reply.error.reason, 1);
      }
    } catch (error) {
      fails(error instanceof Error ? error.message : String(error), BATCH_SIZE);
    }
    underWay -= 1;
    tookMs.push(performance.now() - startedMs);
  });
  const startedMs = performance.now();
  loop.start();
  await Promise.all([work(), new Promise((resolve) => setTimeout(resolve, leastMs))]);
  loop.stop();
  await loop.ended();
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    perSecond,
    seconds,
    payments: tookMs.length * BATCH_SIZE,
    committedPerSecond: committed / seconds,
    p50Ms: percentile(tookMs, 50),
    p99Ms: percentile(tookMs, 99),
    maxMs: Math.max(0, ...tookMs),
    failed,
  };
}
