/**
 * Closed-loop load: so many callers, each with one call under way, for so long. What ends within the counted time counts,
 * whenever it began: to leave out what was under way at its start would make long calls look slow. Latency is per call, in
 * microseconds.
 */
import { build, type Histogram } from 'hdr-histogram-js';

export interface LoadOptions {
  readonly callers: number;
  readonly durationMs: number;
  /** Not counted; default a tenth of the duration. */
  readonly warmUpMs?: number;
  /** Units of work done by one call (payments of a batch); default 1. A rejection ends the load. */
  readonly unitsPerCall?: number;
  readonly call: (caller: number) => Promise<void>;
  /** The counted time begins; it ends. */
  readonly onCounting?: () => void;
  readonly onCounted?: () => void;
  readonly onProgress?: (fraction: number, unitsSoFar: number) => void;
}

export interface LoadResult {
  readonly unitsPerSecond: number;
  readonly units: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

const PROGRESS_EVERY_MS = 250;
const MICROSECONDS = 1000;

export async function closedLoop(options: LoadOptions): Promise<LoadResult> {
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 120_000_000, numberOfSignificantValueDigits: 3 });
  const units = options.unitsPerCall ?? 1;
  const countedFromMs = performance.now() + (options.warmUpMs ?? options.durationMs / 10);
  const endsAtMs = countedFromMs + options.durationMs;
  let counted = 0;
  const counting = setTimeout(() => options.onCounting?.(), countedFromMs - performance.now());
  const countedUp = setTimeout(() => options.onCounted?.(), endsAtMs - performance.now());
  const progress = setInterval(
    () => options.onProgress?.(Math.min(1, Math.max(0, 1 - (endsAtMs - performance.now()) / options.durationMs)), counted),
    PROGRESS_EVERY_MS,
  );
  const caller = async (id: number): Promise<void> => {
    for (let startedMs = performance.now(); startedMs < endsAtMs; startedMs = performance.now()) {
      await options.call(id);
      const endedMs = performance.now();
      if (endedMs < countedFromMs || endedMs >= endsAtMs) continue;
      counted += units;
      histogram.recordValue(Math.max(1, Math.round((endedMs - startedMs) * MICROSECONDS)));
    }
  };
  try {
    await Promise.all(Array.from({ length: options.callers }, (_, id) => caller(id)));
  } finally {
    clearInterval(progress);
    clearTimeout(counting);
    clearTimeout(countedUp);
  }
  return { unitsPerSecond: (counted * 1000) / options.durationMs, units: counted, ...percentiles(histogram) };
}

function percentiles(histogram: Histogram): Pick<LoadResult, 'p50Ms' | 'p99Ms' | 'p999Ms' | 'maxMs'> {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
  return { p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9), maxMs: histogram.maxValue / MICROSECONDS };
}
