/**
 * When a system is warm: its cost per payment stands still. Compiled code, grown heaps and filled caches come by themselves and at
 * their own pace, so that no fixed number of payments fits every machine.
 */

/** So many figures on each side of the comparison; their medians are compared, for single ones are noisy. */
const WINDOW = 3;
/** What may lie between them. */
const TOLERANCE = 0.04;

/** Whether the last figures cost no less than those before, within the tolerance. */
export function isSteady(figures: readonly number[]): boolean {
  if (figures.length < 2 * WINDOW) return false;
  const [before, now] = [median(figures.slice(-2 * WINDOW, -WINDOW)), median(figures.slice(-WINDOW))];
  return now >= before * (1 - TOLERANCE);
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
