/** The clock of one process that can die (nothing of what it had planned happens any more) or stand still for a while. */
import type { Clock, Timer } from '@mas/values';

export class ProcessClock implements Clock {
  private isDead = false;
  /** What was due while it stood still. */
  private late: (() => void)[] | undefined;

  constructor(private readonly clock: Clock) {}

  wallMs(): number {
    return this.clock.wallMs();
  }

  monotonicMs(): number {
    return this.clock.monotonicMs();
  }

  schedule(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    const timer = this.clock.schedule(delayMs, () =>
      this.call(() => {
        if (!isCancelled) callback();
      }),
    );
    return {
      cancel: () => {
        // It may be due already and wait for the end of a freeze.
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  defer(callback: () => void): void {
    this.clock.defer(() => this.call(callback));
  }

  kill(): void {
    this.isDead = true;
  }

  freeze(): void {
    this.late ??= [];
  }

  thaw(): void {
    const late = this.late ?? [];
    this.late = undefined;
    for (const callback of late) this.call(callback);
  }

  private call(callback: () => void): void {
    if (this.isDead) return;
    if (this.late === undefined) callback();
    else this.late.push(callback);
  }
}
