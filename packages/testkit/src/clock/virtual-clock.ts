/**
 * Time as a test wants it: it stands still until advance(), then everything due happens in order, and what promises
 * and deferred callbacks do in between takes no time. Equal programs give equal histories.
 */
import type { Clock, Timer } from '@mas/values';

interface Due {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  isCancelled: boolean;
}

/** A turn that never ends would hang the test; this many turns without time passing is a loop. */
const MAX_TURNS_AT_ONCE = 100_000;

export class VirtualClock implements Clock {
  private nowMs = 0;
  private order = 0;
  /** A binary heap by (dueMs, order). */
  private readonly timers: Due[] = [];
  private deferred: (() => void)[] = [];

  constructor(private readonly epochMs = 1_700_000_000_000) {}

  wallMs(): number {
    return this.epochMs + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, callback: () => void): Timer {
    this.order += 1;
    const due: Due = { dueMs: this.nowMs + Math.max(0, delayMs), order: this.order, callback, isCancelled: false };
    push(this.timers, due);
    return {
      cancel: () => {
        due.isCancelled = true;
      },
    };
  }

  defer(callback: () => void): void {
    this.deferred.push(callback);
  }

  /** Lets `durationMs` pass. */
  async advance(durationMs: number): Promise<void> {
    await this.passUntil(this.nowMs + durationMs, () => false);
  }

  /** Lets time pass until the condition holds, looked at whenever something has happened. @returns whether it did. */
  async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    await this.passUntil(this.nowMs + limitMs, condition);
    return condition();
  }

  /** Runs what can run without time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS_AT_ONCE; turn += 1) {
      const callbacks = this.deferred;
      this.deferred = [];
      for (const callback of callbacks) callback();
      // A macrotask of the real event loop: every promise that can settle has done so before it.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.deferred.length === 0) return;
    }
    throw new Error(`after ${MAX_TURNS_AT_ONCE} turns at ${this.nowMs} ms there is still more to do: a loop`);
  }

  private async passUntil(endMs: number, condition: () => boolean): Promise<void> {
    await this.settle();
    while (!condition()) {
      const next = this.timers[0];
      if (next === undefined || next.dueMs > endMs) {
        this.nowMs = endMs;
        return;
      }
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      for (let due = this.timers[0]; due !== undefined && due.dueMs <= this.nowMs; due = this.timers[0]) {
        pop(this.timers);
        if (!due.isCancelled) due.callback();
      }
      await this.settle();
    }
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

function push(heap: Due[], due: Due): void {
  let at = heap.push(due) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(heap[at]!, heap[parent]!)) return;
    [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    at = parent;
  }
}

function pop(heap: Due[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  heap[0] = last;
  for (let at = 0; ; ) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least]!, heap[at]!];
    at = least;
  }
}
