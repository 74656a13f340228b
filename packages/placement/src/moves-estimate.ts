/** What moves of slots carry, and how long that takes, as far as it can be said before. Pure. */
import type { BucketId } from '@mas/values';
import type { PlacementMap } from './placement-map';
import { countSlots, type SlotsStep } from './slots-move';

/** As if rows were spread evenly over a bucket's slots. */
export interface MovesEstimate {
  readonly accounts: number;
  readonly rows: number;
  /** Copying alone, at the rate that is set: a bucket brings one range after the other, several buckets at the same time. */
  readonly tookMs: number;
}

export interface BucketSize {
  readonly accounts: number;
  readonly rows: number;
}

/** Null: nothing moves, or it is not known how much one of the buckets has. @param rowsPerSecond that one bucket sends */
export function estimateMoves(
  { buckets }: PlacementMap,
  steps: readonly SlotsStep[],
  sizes: ReadonlyMap<BucketId, BucketSize>,
  rowsPerSecond: number,
): MovesEstimate | null {
  const givers = [...new Set(steps.map(({ from }) => from))];
  if (givers.length === 0) return null;
  let [accounts, rows, tookMs] = [0, 0, 0];
  for (const giver of givers) {
    const size = sizes.get(giver);
    const owned = countSlots(buckets.find(({ bucket }) => bucket === giver)?.slots ?? []);
    if (size === undefined || owned === 0) return null;
    const share = countSlots(steps.filter(({ from }) => from === giver).map(({ slots }) => slots)) / owned;
    accounts += Math.round(size.accounts * share);
    rows += Math.round(size.rows * share);
    tookMs = Math.max(tookMs, Math.round((size.rows * share * 1_000) / rowsPerSecond));
  }
  return { accounts, rows, tookMs };
}
