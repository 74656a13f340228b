/** The clock of one process that can die: from then on nothing of what it had planned happens. */
import type { Clock, Timer } from '@mas/values';

export class ProcessClock implements Clock {
  private isDead = false;

  constructor(private readonly clock: Clock) {}

  wallMs(): number {
    return this.clock.wallMs();
  }

  monotonicMs(): number {
    return this.clock.monotonicMs();
  }

  schedule(delayMs: number, callback: () => void): Timer {
    return this.clock.schedule(delayMs, () => this.call(callback));
  }

  defer(callback: () => void): void {
    this.clock.defer(() => this.call(callback));
  }

  kill(): void {
    this.isDead = true;
  }

  private call(callback: () => void): void {
    if (!this.isDead) callback();
  }
}
