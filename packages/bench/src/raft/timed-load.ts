/**
 * Closed-loop load whose parts can be added up over processes: so many callers, each with one call under way. What ends within
 * the counted time counts; latencies are in microseconds in a histogram.
 */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

export interface TimedLoad {
  readonly callers: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** @returns whether the work was done; what was not is counted apart. */
  readonly call: (caller: number) => Promise<boolean>;
}

/** What one process did; travels as JSON. */
export interface LoadPart {
  readonly done: number;
  readonly failed: number;
  readonly durationMs: number;
  readonly histogram: string;
}

export interface LoadFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const MICROSECONDS = 1000;
const HIGHEST_MICROSECONDS = 120_000_000;
/** A caller whose work is refused must not spin: it waits so long before it tries again. */
const RETRY_MS = 5;

export async function timedLoad(load: TimedLoad): Promise<LoadPart> {
  const histogram = createHistogram();
  const countedFromMs = performance.now() + load.warmUpMs;
  const endsAtMs = countedFromMs + load.durationMs;
  let done = 0;
  let failed = 0;
  const caller = async (id: number): Promise<void> => {
    for (let startedMs = performance.now(); startedMs < endsAtMs; ) {
      const isDone = await load.call(id);
      const endedMs = performance.now();
      if (!isDone) {
        failed += 1;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      } else if (endedMs >= countedFromMs && endedMs <= endsAtMs) {
        done += 1;
        histogram.recordValue(Math.max(1, Math.round((endedMs - startedMs) * MICROSECONDS)));
      }
      startedMs = isDone ? endedMs : performance.now();
    }
  };
  await Promise.all(Array.from({ length: load.callers }, (_, id) => caller(id)));
  return { done, failed, durationMs: load.durationMs, histogram: encodeIntoCompressedBase64(histogram) };
}

/** Parts that ran at the same time. */
export function addUp(parts: readonly LoadPart[]): LoadFigures {
  const all = createHistogram();
  for (const part of parts) all.add(decodeFromCompressedBase64(part.histogram) as Histogram);
  const perSecond = parts.reduce((sum, part) => sum + (part.done * 1000) / part.durationMs, 0);
  const at = (percentile: number): number => all.getValueAtPercentile(percentile) / MICROSECONDS;
  return { perSecond, p50Ms: at(50), p99Ms: at(99), failed: parts.reduce((sum, part) => sum + part.failed, 0) };
}

function createHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST_MICROSECONDS, numberOfSignificantValueDigits: 3 });
}
