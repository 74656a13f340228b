/**
 * Time as a port. Cores never see it; hosts take it through their constructor, so that a simulator can own it.
 * Wall time is for people and stamps; intervals are measured on the monotonic clock.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. */
  wallMs(): number;
  /** Milliseconds since an arbitrary origin; never goes back; sub-millisecond where the platform has it. */
  monotonicMs(): number;
  /** Calls `callback` once, not before `delayMs` have passed on the monotonic clock. */
  schedule(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` in a later turn of the event loop, after I/O that is already waiting. */
  defer(callback: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** Resolves once `delayMs` have passed on `clock`. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(delayMs, resolve);
  });
}
