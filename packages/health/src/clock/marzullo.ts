/**
 * In which interval do most clocks agree? Each clock's reading is an interval in which the truth may lie; the answer is the smallest
 * interval that lies within as many of them as possible.
 * After K. Marzullo, "Maintaining the Time in a Distributed System" (1984), as RFC 5905 (NTP) and TigerBeetle's clock use it.
 */
export interface Interval {
  /** Milliseconds. */
  readonly low: number;
  /** At least `low`. */
  readonly high: number;
}

export interface Agreement extends Interval {
  /** How many of the intervals contain it. */
  readonly clocks: number;
}

/** @returns null for no intervals; of several equally good answers the smallest, of those the earliest. */
export function marzullo(intervals: readonly Interval[]): Agreement | null {
  // At one point intervals begin before others end: they touch, and agree.
  const edges = intervals
    .flatMap(({ low, high }) => [
      { at: low, step: 1 },
      { at: high, step: -1 },
    ])
    .sort((a, b) => a.at - b.at || b.step - a.step);
  let best: Agreement | null = null;
  let clocks = 0;
  edges.forEach(({ at, step }, i) => {
    clocks += step;
    const next = edges[i + 1];
    if (step < 0 || next === undefined) return;
    const found: Agreement = { low: at, high: next.at, clocks };
    if (best === null || clocks > best.clocks || (clocks === best.clocks && found.high - found.low < best.high - best.low)) best = found;
  });
  return best;
}
