/**
 * Many deadlines, few timers: entries are kept per tick of TICK_MS, and only the earliest tick has a timer. Nearly
 * all entries are removed before they are due, so removing is as cheap as adding.
 */
import type { Clock, Timer } from '@mas/values';

const TICK_MS = 10;

export interface WheelEntry {
  readonly tick: number;
  readonly callback: () => void;
}

export class TimerWheel {
  private readonly ticks = new Map<number, Set<WheelEntry>>();
  /** Ascending; may hold ticks that have emptied since. */
  private order: number[] = [];
  private timer: { readonly tick: number; readonly timer: Timer } | null = null;

  constructor(private readonly clock: Clock) {}

  /** Calls back once, not before `atMs` on the monotonic clock, at most a tick late. */
  add(atMs: number, callback: () => void): WheelEntry {
    const tick = Math.ceil(Math.max(atMs, this.clock.monotonicMs()) / TICK_MS);
    const entry: WheelEntry = { tick, callback };
    const entries = this.ticks.get(tick);
    if (entries !== undefined) {
      entries.add(entry);
      return entry;
    }
    this.ticks.set(tick, new Set([entry]));
    this.insert(tick);
    this.arm();
    return entry;
  }

  remove(entry: WheelEntry): void {
    const entries = this.ticks.get(entry.tick);
    if (entries === undefined || !entries.delete(entry) || entries.size > 0) return;
    this.ticks.delete(entry.tick);
    if (this.ticks.size > 0) return;
    this.order = [];
    this.timer?.timer.cancel();
    this.timer = null;
  }

  private insert(tick: number): void {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.order[middle] ?? Infinity) < tick) low = middle + 1;
      else high = middle;
    }
    if (this.order[low] !== tick) this.order.splice(low, 0, tick);
  }

  private arm(): void {
    while (this.order[0] !== undefined && !this.ticks.has(this.order[0])) this.order.shift();
    const earliest = this.order[0];
    if (earliest === undefined || this.timer?.tick === earliest) return;
    this.timer?.timer.cancel();
    const delayMs = Math.max(0, earliest * TICK_MS - this.clock.monotonicMs());
    this.timer = { tick: earliest, timer: this.clock.schedule(delayMs, () => this.fire()) };
  }

  private fire(): void {
    this.timer = null;
    const now = this.clock.monotonicMs();
    for (let tick = this.order[0]; tick !== undefined && tick * TICK_MS <= now; tick = this.order[0]) {
      this.order.shift();
      const entries = this.ticks.get(tick);
      this.ticks.delete(tick);
      for (const entry of entries ?? []) entry.callback();
    }
    this.arm();
  }
}
