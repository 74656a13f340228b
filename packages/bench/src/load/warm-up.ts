/** Payments before anything is measured: a process whose code is not compiled yet takes four times the CPU. */
import type { MasClient } from '@mas/client';
import { UsageMeter } from '../measure/process-usage';
import type { Progress } from '../progress';
import { MIXED, type PaymentSource } from './payment-load';
import { BATCH_SIZE } from './payment-scenario';
import { isSteady } from './steady';

export interface WarmUp {
  readonly payments: number;
  readonly seconds: number;
  /** Per payment, of all processes, slice by slice. */
  readonly cpuMicros: readonly number[];
  readonly steady: boolean;
}

const SMALL_BATCH_SIZE = 20;
const CALLERS = 8;
/** One figure each. */
const SLICE = 10_000;
const FIRST_SMALL_PAYMENTS = 4_000;
const MOST_PAYMENTS = 400_000;

/** In small batches first: the very first calls are so slow that large ones would meet their deadlines. @param asked null: until the CPU of a payment stands still */
export async function warmUp(
  client: MasClient,
  load: PaymentSource,
  asked: number | null,
  pids: ReadonlyMap<string, number>,
  progress: Progress,
): Promise<WarmUp> {
  const startedMs = performance.now();
  const cpuMicros: number[] = [];
  let payments = 0;
  const isWarm = (): boolean => (asked === null ? payments >= MOST_PAYMENTS || isSteady(cpuMicros) : payments >= asked);
  progress.phase(asked === null ? 'warming up until the CPU of a payment stands still' : `warming up with ${asked} payments`);
  while (!isWarm()) {
    const size = payments < FIRST_SMALL_PAYMENTS ? SMALL_BATCH_SIZE : BATCH_SIZE;
    const meter = new UsageMeter(pids);
    const made = await pay(client, load, Math.min(SLICE, (asked ?? MOST_PAYMENTS) - payments), size);
    payments += made;
    cpuMicros.push((Object.values(meter.since()).reduce((sum, usage) => sum + usage.cpuSeconds, 0) * 1e6) / made);
    progress.advance(Math.min(1, payments / (asked ?? MOST_PAYMENTS)));
  }
  return { payments, seconds: (performance.now() - startedMs) / 1000, cpuMicros, steady: isSteady(cpuMicros) };
}

/** @returns how many there were: whole batches */
async function pay(client: MasClient, load: PaymentSource, payments: number, size: number): Promise<number> {
  let made = 0;
  const worker = async (): Promise<void> => {
    while (made < payments) {
      made += size;
      await client.createPayments(Array.from({ length: size }, () => load.next(MIXED)));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, worker));
  return made;
}

export function warmUpLine({ payments, seconds, cpuMicros, steady }: WarmUp): string {
  const figures = [cpuMicros.at(0), cpuMicros.at(-1)].map((figure) => (figure ?? 0).toFixed(0));
  return `warm-up: ${payments} payments in ${seconds.toFixed(0)} s, CPU of a payment ${figures.join(' to ')} µs, ${steady ? 'stands still' : 'NOT steady'}`;
}
