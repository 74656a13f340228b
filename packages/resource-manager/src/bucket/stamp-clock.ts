/**
 * Stamps of a bucket's entries. A stamp never goes back, and a leader whose wall clock jumps ahead moves the bucket's
 * time by no more than what really passed plus a small step; else one broken clock would expire every lock and
 * authorization. stamp = max(previous, min(wall, previous + monotonic elapsed + 500 ms)); the first stamp of a
 * process, which does not know how long the previous one is ago, is max(previous, wall).
 */
import type { Clock } from '@mas/values';

const MAX_STEP_MS = 500;

export class StampClock {
  private previousMs = 0;
  private previousAtMs: number | null = null;

  constructor(private readonly clock: Clock) {}

  /**
   * An entry with this stamp was applied here. While a restarted replica replays, stamps are old and say nothing
   * about now; the first one near our own wall time ends that.
   */
  observe(stampMs: number): void {
    if (stampMs <= this.previousMs) return;
    this.previousMs = stampMs;
    if (this.previousAtMs !== null || Math.abs(this.clock.wallMs() - stampMs) <= MAX_STEP_MS) {
      this.previousAtMs = this.clock.monotonicMs();
    }
  }

  /** The stamp that an entry would get now. */
  now(): number {
    const wallMs = Math.floor(this.clock.wallMs());
    if (this.previousAtMs === null) return Math.max(this.previousMs, wallMs);
    const elapsedMs = Math.floor(this.clock.monotonicMs() - this.previousAtMs);
    return Math.max(this.previousMs, Math.min(wallMs, this.previousMs + elapsedMs + MAX_STEP_MS));
  }

  /** The stamp of the entry that is proposed now. */
  next(): number {
    const stampMs = this.now();
    this.previousMs = stampMs;
    this.previousAtMs = this.clock.monotonicMs();
    return stampMs;
  }
}
