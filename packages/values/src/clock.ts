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

/**
 * Does `work` every `periodMs` until it is cancelled, first after one period; each period begins when the work before has ended. What is under way
 * when it is cancelled goes on. `work` handles its own failures.
 */
export function every(clock: Clock, periodMs: number, work: () => void | Promise<unknown>): Timer {
  let isCancelled = false;
  const next = (): Timer =>
    clock.schedule(periodMs, () => {
      const done = work();
      if (done === undefined) again();
      else void done.then(again);
    });
  const again = (): void => {
    if (!isCancelled) timer = next();
  };
  let timer = next();
  return {
    cancel: () => {
      isCancelled = true;
      timer.cancel();
    },
  };
}

/** What `work` brings, or `late` once `limitMs` have passed without it; what it brings after that is nobody’s. Rejects as it does. */
export function within<Value, Late>(clock: Clock, limitMs: number, work: Promise<Value>, late: Late): Promise<Value | Late> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(limitMs, () => resolve(late));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
