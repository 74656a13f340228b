/** Percentiles from counts in bins of rising ends: between two ends as if evenly spread, beyond the last one that end. */
export type Bins = readonly { readonly upToMs: number | null; readonly count: number }[];

/** @param share 0 … 1. Null: nothing was counted. */
export function percentile(bins: Bins, share: number): number | null {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  const wanted = total * share;
  let below = 0;
  let fromMs = 0;
  for (const { upToMs, count } of bins) {
    if (upToMs === null) return fromMs;
    if (count > 0 && below + count >= wanted) return fromMs + ((wanted - below) / count) * (upToMs - fromMs);
    below += count;
    fromMs = upToMs;
  }
  return fromMs;
}

/** What has come since. @param before of the same process; empty: since its start */
export function since(now: Bins, before: Bins): Bins {
  return now.map(({ upToMs, count }, at) => ({ upToMs, count: count - (before[at]?.count ?? 0) }));
}

export function added(some: readonly Bins[]): Bins {
  const [first = [], ...others] = some;
  return first.map(({ upToMs, count }, at) => ({ upToMs, count: others.reduce((sum, bins) => sum + (bins[at]?.count ?? 0), count) }));
}
