/** A clock that only tests move. `advance` runs what falls due in order and lets promises settle in between. */
import type { Clock, Timer } from '@mas/values';

interface Due {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Enough turns of the microtask queue for the longest chain of promises between two timers. */
const SETTLE_TURNS = 200;

export class ManualClock implements Clock {
  private nowMs = 1_000_000;
  private due: Due[] = [];

  wallMs(): number {
    return this.nowMs + 1_700_000_000_000;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    const entry = { atMs: this.nowMs + delayMs, callback };
    this.due.push(entry);
    return { cancel: () => void (this.due = this.due.filter((each) => each !== entry)) };
  }

  defer(callback: () => void): void {
    this.schedule(0, callback);
  }

  async advance(byMs: number): Promise<void> {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      await settle();
      const next = this.due.filter((each) => each.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.due = this.due.filter((each) => each !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
    }
    this.nowMs = untilMs;
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await Promise.resolve();
}
