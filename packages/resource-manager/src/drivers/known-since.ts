/**
 * How long this process has known of something undecided, by its monotonic clock. Stamps alone do not tell: they stand still
 * for as long as a leader's wall clock is behind them, as after one that had jumped ahead and back, and two-phase commit does
 * not depend on wall clocks.
 */
import type { Clock } from '@mas/values';

export class KnownSince<Row extends object> {
  /** By identity: a row that changes is news. */
  private readonly sinceMs = new WeakMap<Row, number>();

  constructor(private readonly clock: Clock) {}

  ageMs(row: Row): number {
    const nowMs = this.clock.monotonicMs();
    const sinceMs = this.sinceMs.get(row);
    if (sinceMs !== undefined) return nowMs - sinceMs;
    this.sinceMs.set(row, nowMs);
    return 0;
  }
}
