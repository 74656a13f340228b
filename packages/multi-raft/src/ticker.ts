/** The host's one timer. Ticks that were missed while the process stood still are not made up for. */
import type { Clock, Timer } from '@mas/values';

export class Ticker {
  private ticks = 0;
  private dueMs = 0;
  private timer: Timer | undefined;
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly tickMs: number,
    private readonly onTick: () => void,
  ) {}

  /** Ticks so far. */
  get count(): number {
    return this.ticks;
  }

  start(): void {
    this.dueMs = this.clock.monotonicMs();
    this.arm();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private arm(): void {
    const nowMs = this.clock.monotonicMs();
    this.dueMs = Math.max(this.dueMs + this.tickMs, nowMs);
    this.timer = this.clock.schedule(this.dueMs - nowMs, () => this.fire());
  }

  private fire(): void {
    if (this.isStopped) return;
    this.ticks += 1;
    this.onTick();
    this.arm();
  }
}
