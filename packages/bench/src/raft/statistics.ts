/** Order statistics of a few measurements. */

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The smallest value that `percent` of all do not exceed (nearest rank); NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}
