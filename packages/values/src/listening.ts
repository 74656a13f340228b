/**
 * Silence is what a process hears while it listens. A timer alone also counts the time in which its event loop stood still: when it fires, the answer
 * may have been waiting in the socket since long before, or the question has not even left. So the time is counted in parts, each ended by
 * a turn in which whatever waits is heard; a part counts for no more than its length, however late it ends.
 */
import type { Clock, Timer } from './clock';

/** A stall is taken for silence of one of them at most, and nobody is called silent before he has been listened to so often. */
const PARTS = 4;

/** Calls `callback` once, after `durationMs` of listening: exactly then in a process that is never late, later in one that is. */
export function afterListening(clock: Clock, durationMs: number, callback: () => void): Timer {
  let left = PARTS;
  let isCancelled = false;
  const part = (): Timer => clock.schedule(durationMs / PARTS, () => clock.defer(heard));
  const heard = (): void => {
    if (isCancelled) return;
    left -= 1;
    if (left === 0) callback();
    else timer = part();
  };
  let timer = part();
  return {
    cancel: () => {
      isCancelled = true;
      timer.cancel();
    },
  };
}
