/** The Clock port on the real machine. */
import type { Clock, Timer } from '@mas/values';

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs: number, callback: () => void): Timer {
    const handle = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  defer(callback: () => void): void {
    setImmediate(callback);
  },
};
