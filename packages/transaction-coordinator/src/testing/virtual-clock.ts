/** Time that stands still until a test lets it go: timers and deferred turns run in order, promises between them. */
import type { Clock, Timer } from '@mas/values';

const WALL_ORIGIN_MS = 1_700_000_000_000;
const MAX_TURNS = 200_000;

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class VirtualClock implements Clock {
  private nowMs = 1_000;
  private order = 0;
  private timers: Scheduled[] = [];
  private deferred: (() => void)[] = [];

  wallMs(): number {
    return WALL_ORIGIN_MS + Math.floor(this.nowMs);
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const scheduled: Scheduled = { atMs: this.nowMs + Math.max(0, delayMs), order: (this.order += 1), callback };
    this.timers.push(scheduled);
    return {
      cancel: () => {
        this.timers = this.timers.filter((timer) => timer !== scheduled);
      },
    };
  }

  defer(callback: () => void): void {
    this.deferred.push(callback);
  }

  /** Lets time pass until the promise is settled. @throws when nothing is left that could settle it. */
  async until<Value>(promise: Promise<Value>, what = 'the promise'): Promise<Value> {
    let settled = false;
    const noted = promise.finally(() => {
      settled = true;
    });
    noted.catch(() => undefined);
    await this.turns(() => settled, what);
    return noted;
  }

  /** Lets `durationMs` pass. */
  async pass(durationMs: number): Promise<void> {
    await this.until(new Promise<void>((resolve) => void this.schedule(durationMs, resolve)));
  }

  async when(condition: () => boolean, what: string): Promise<void> {
    await this.turns(condition, what);
  }

  private async turns(done: () => boolean, what: string): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (done()) return;
      const deferred = this.deferred;
      this.deferred = [];
      for (const callback of deferred) callback();
      if (deferred.length > 0) continue;
      const next = this.timers.reduce<Scheduled | null>(
        (first, timer) => (first === null || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order) ? timer : first),
        null,
      );
      if (next === null) throw new Error(`at ${this.nowMs} ms nothing is left that could bring about ${what}`);
      this.timers = this.timers.filter((timer) => timer !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    throw new Error(`${what} did not come about within ${MAX_TURNS} turns; it is ${this.nowMs} ms`);
  }
}
