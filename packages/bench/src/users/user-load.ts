/**
 * So many users at once, each for itself: it thinks, pays with its own token, waits for the answer, thinks again. Whoever waits longer pays less often, as people do. What
 * ends within the counted time counts; a payment that was not committed is a failure, and is named.
 */
import type { MasClient } from '@mas/client';
import type { SeededRandom } from '@mas/values';
import { build } from 'hdr-histogram-js';

export interface User {
  readonly account: string;
  readonly client: { createPayment(payment: Parameters<MasClient['createPayment']>[0]): Promise<{ readonly kind: string }> };
}

export interface UserLoadOptions {
  readonly users: readonly User[];
  /** On average, between an answer and the next payment: half as much to half as much again. */
  readonly thinkMs: number;
  readonly durationMs: number;
  readonly random: SeededRandom;
  /** Of the ids of this load. */
  readonly run: string;
  readonly onProgress?: (fraction: number) => void;
}

export interface UsersPoint {
  readonly users: number;
  readonly seconds: number;
  readonly payments: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How often, by what was answered or thrown; also of what ended outside of the counted time. */
  readonly failures: Readonly<Record<string, number>>;
}

const MICROSECONDS = 1_000;
const PROGRESS_EVERY_MS = 500;

/** Everybody begins within the first time of thinking, which is not counted. */
export async function userLoad(options: UserLoadOptions): Promise<UsersPoint> {
  const { users, thinkMs, durationMs, random, run, onProgress } = options;
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });
  const countedFromMs = performance.now() + thinkMs;
  const endsAtMs = countedFromMs + durationMs;
  const failures: Record<string, number> = {};
  let payments = 0;
  const live = async ({ account, client }: User): Promise<void> => {
    await pause(random.unit() * thinkMs);
    for (let paid = 0; performance.now() < endsAtMs; paid += 1) {
      const to = receiver(users, account, random);
      const startedMs = performance.now();
      const outcome = await client
        .createPayment({ id: `{${account}}${run}-${paid}`, from: account, to, amount: { minor: 1n } })
        .then(({ kind }) => kind, nameOf);
      const endedMs = performance.now();
      if (outcome !== 'committed') failures[outcome] = (failures[outcome] ?? 0) + 1;
      else if (endedMs >= countedFromMs && endedMs < endsAtMs) {
        payments += 1;
        histogram.recordValue(Math.max(1, Math.round((endedMs - startedMs) * MICROSECONDS)));
      }
      await pause(Math.min(thinkMs * (0.5 + random.unit()), Math.max(0, endsAtMs - performance.now())));
    }
  };
  const progress = setInterval(() => onProgress?.(Math.min(1, Math.max(0, 1 - (endsAtMs - performance.now()) / (durationMs + thinkMs)))), PROGRESS_EVERY_MS);
  try {
    await Promise.all(users.map(live));
  } finally {
    clearInterval(progress);
  }
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
  return {
    ...{ users: users.length, seconds: durationMs / 1_000, payments, perSecond: (payments * 1_000) / durationMs },
    ...{ p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9), maxMs: histogram.maxValue / MICROSECONDS, failures },
  };
}

/** Anybody but the payer. */
function receiver(users: readonly User[], payer: string, random: SeededRandom): string {
  for (;;) {
    const to = users[random.below(users.length)]?.account ?? payer;
    if (to !== payer) return to;
  }
}

function nameOf(error: unknown): string {
  const { error: details, message } = error as { readonly error?: { readonly reason?: string }; readonly message?: string };
  return details?.reason ?? message ?? String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
