/**
 * Stamps of a bucket's entries, in whole milliseconds since the Unix epoch. They never go back, and follow the time on which a majority of
 * the Resource Managers agrees, not the leader's clock (docs/adr/0016): what was promised for a time lasts that long whoever leads and
 * whatever one clock says. A bucket that is ahead of it goes at half the pace until it is not. Where there has been no agreement since
 * the start of the process, time goes on from the last stamp as the monotonic clock does.
 */
import type { Clock } from '@mas/values';

/** Milliseconds since the Unix epoch on which a majority agrees; null: none has since the start. */
export type AgreedMs = () => number | null;

const PACE_WHEN_AHEAD = 0.5;

export class StampClock {
  /** The last stamp, and what has passed since; entries may be closer than a millisecond. */
  private exactMs = 0;
  private atMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly agreedMs: AgreedMs,
  ) {
    this.atMs = clock.monotonicMs();
  }

  /** An entry with this stamp was applied here. */
  observe(stampMs: number): void {
    if (stampMs <= this.exactMs) return;
    this.exactMs = stampMs;
    this.atMs = this.clock.monotonicMs();
  }

  /** The stamp that an entry would get now. */
  now(): number {
    return Math.floor(this.exact(this.clock.monotonicMs()));
  }

  /** The stamp of the entry that is proposed now. */
  next(): number {
    const nowMs = this.clock.monotonicMs();
    this.exactMs = this.exact(nowMs);
    this.atMs = nowMs;
    return Math.floor(this.exactMs);
  }

  private exact(nowMs: number): number {
    const agreedMs = this.agreedMs();
    const elapsedMs = Math.max(0, nowMs - this.atMs);
    // A bucket's first stamp of all.
    if (agreedMs === null) return this.exactMs === 0 ? this.clock.wallMs() : this.exactMs + elapsedMs;
    return Math.max(agreedMs, this.exactMs + elapsedMs * PACE_WHEN_AHEAD);
  }
}
