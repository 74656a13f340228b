/** One thing again and again, one after the other, for so long. */
export interface Measure {
  readonly what: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** At least once. */
export async function repeated(what: string, durationMs: number, once: () => Promise<unknown> | void): Promise<Measure> {
  const tookMs: number[] = [];
  const beganMs = performance.now();
  let nowMs = beganMs;
  do {
    await once();
    const endedMs = performance.now();
    tookMs.push(endedMs - nowMs);
    nowMs = endedMs;
  } while (nowMs - beganMs < durationMs);
  tookMs.sort((a, b) => a - b);
  const at = (share: number): number => tookMs[Math.min(tookMs.length - 1, Math.floor(share * tookMs.length))] ?? 0;
  return { what, perSecond: (tookMs.length * 1_000) / (nowMs - beganMs), p50Ms: at(0.5), p99Ms: at(0.99) };
}
