/**
 * The time during which this process was awake, by its own ticks. A tick that comes late says that the event loop, or the whole
 * process, stood still; what it slept is nobody else's silence. Every tick counts for something, so that time passes for
 * a process that is always late, too.
 */
export interface Beat {
  /** Time awake since the last tick: at most two ticks' length. */
  readonly awakeMs: number;
  /** How much later than due this tick came; 0 when by no more than a tick's length. */
  readonly stallMs: number;
}

/** A tick may come so many tick lengths after the last one before the rest counts as sleep. */
const AWAKE_TICKS = 2;

export class OwnPulse {
  private awakeMs = 0;

  constructor(
    private readonly tickMs: number,
    private tickedMs: number,
  ) {}

  tick(nowMs: number): Beat {
    const elapsedMs = nowMs - this.tickedMs;
    const awakeMs = Math.min(elapsedMs, AWAKE_TICKS * this.tickMs);
    this.awakeMs += awakeMs;
    this.tickedMs = nowMs;
    return { awakeMs, stallMs: elapsedMs > awakeMs ? elapsedMs - this.tickMs : 0 };
  }

  /** Time awake since the beginning. */
  awakeAt(nowMs: number): number {
    return this.awakeMs + Math.min(Math.max(0, nowMs - this.tickedMs), AWAKE_TICKS * this.tickMs);
  }
}
