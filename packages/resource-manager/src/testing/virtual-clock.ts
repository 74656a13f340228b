/** Time that moves only when a test says so. */
import type { Clock, Timer } from '@mas/values';

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** Promise chains of a few hundred steps come to rest within these turns of the real event loop. */
const REST_TURNS = 3;

export class VirtualClock implements Clock {
  /** Added to the monotonic time to give the wall's. */
  wallOffsetMs = 1_700_000_000_000;
  private nowMs = 0;
  private made = 0;
  private timers: Scheduled[] = [];
  private deferred: (() => void)[] = [];

  wallMs(): number {
    return this.wallOffsetMs + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    this.made += 1;
    const timer: Scheduled = { atMs: this.nowMs + delayMs, order: this.made, callback };
    this.timers.push(timer);
    return {
      cancel: () => {
        this.timers = this.timers.filter((other) => other !== timer);
      },
    };
  }

  defer(callback: () => void): void {
    this.deferred.push(callback);
  }

  /** Runs everything that can run without time passing. */
  async settle(): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < REST_TURNS; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
      const due = this.deferred.splice(0);
      if (due.length === 0) return;
      for (const callback of due) callback();
    }
  }

  async advance(byMs: number): Promise<void> {
    const endMs = this.nowMs + byMs;
    for (;;) {
      await this.settle();
      const next = this.timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    this.nowMs = endMs;
    await this.settle();
  }

  /** Lets time pass until the condition holds. @throws with `what` and the state that `diagnose` gives. */
  async until(what: string, condition: () => boolean, withinMs = 10_000, diagnose: () => unknown = () => ''): Promise<void> {
    const endMs = this.nowMs + withinMs;
    await this.settle();
    while (!condition()) {
      if (this.nowMs >= endMs) throw new Error(`not within ${withinMs} virtual ms: ${what} ${JSON.stringify(diagnose())}`);
      await this.advance(10);
    }
  }

  /** The promise's value, letting time pass until it comes. */
  async await<Value>(promise: Promise<Value>, withinMs = 10_000): Promise<Value> {
    let done = false;
    const settled = promise.finally(() => {
      done = true;
    });
    settled.catch(() => undefined);
    await this.until('a promise to settle', () => done, withinMs);
    return settled;
  }
}
