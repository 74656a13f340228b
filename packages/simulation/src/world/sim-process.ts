/**
 * One simulated operating-system process: the gate through which time, messages, disk and servers reach its code. A dead
 * process runs nothing any more, a paused one runs everything later; its clocks are its own, and its wall clock may jump.
 */
import type { Clock, Timer } from '@mas/values';
import type { VirtualTime } from './virtual-time';

export const EPOCH_MS = 1_750_000_000_000;

export interface ClockOffsets {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export class SimProcess {
  private state: 'running' | 'paused' | 'dead' = 'running';
  private waiting: (() => void)[] = [];
  private wallOffsetMs: number;
  /** Seconds of the wall clock in a second. */
  private wallRate = 1;
  private rateSinceMs = 0;
  readonly clock: Clock;

  constructor(
    readonly name: string,
    private readonly time: VirtualTime,
    offsets: ClockOffsets,
  ) {
    this.wallOffsetMs = offsets.wallMs;
    this.clock = {
      wallMs: () => EPOCH_MS + Math.floor(time.nowMs() + this.wallOffset),
      monotonicMs: () => time.nowMs() + offsets.monotonicMs,
      schedule: (delayMs, callback) => this.schedule(delayMs, callback),
      defer: (callback) => void time.at(0, () => this.enter(callback)),
    };
  }

  get isAlive(): boolean {
    return this.state !== 'dead';
  }

  get isPaused(): boolean {
    return this.state === 'paused';
  }

  /** It stands still, and something waits for it. */
  get isHeldUp(): boolean {
    return this.isPaused && this.waiting.length > 0;
  }

  /** Everything that makes the process's code run comes through here. */
  enter(run: () => void): void {
    if (this.state === 'running') run();
    else if (this.state === 'paused') this.waiting.push(run);
  }

  /** A promise of the outside world, as this process hears of it. */
  hears<Value>(outside: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      outside.then(
        (value) => this.enter(() => resolve(value)),
        (error: unknown) => this.enter(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  }

  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'running';
    // One after the other, each with its promises, as an event loop that was stopped finds them.
    const waiting = this.waiting;
    this.waiting = [];
    for (const run of waiting) this.time.at(0, () => this.enter(run));
  }

  kill(): void {
    this.state = 'dead';
    this.waiting = [];
  }

  jumpWallClock(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  /** @param rate 0: it stands still; 1: it is well */
  runWallClock(rate: number): void {
    this.wallOffsetMs = this.wallOffset;
    this.rateSinceMs = this.time.nowMs();
    this.wallRate = rate;
  }

  /** As a time service does once it is reachable again. */
  setWallClockRight(): void {
    this.runWallClock(1);
    this.wallOffsetMs = 0;
  }

  get wallOffset(): number {
    return this.wallOffsetMs + (this.time.nowMs() - this.rateSinceMs) * (this.wallRate - 1);
  }

  private schedule(delayMs: number, callback: () => void): Timer {
    let isCancelled = false;
    const cancel = this.time.at(delayMs, () =>
      this.enter(() => {
        if (!isCancelled) callback();
      }),
    );
    return {
      cancel: () => {
        isCancelled = true;
        cancel();
      },
    };
  }
}
