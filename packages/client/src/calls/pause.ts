import { onAbort } from './aborts';

/** A payment whose end is not known is asked for again so soon. */
export const UNKNOWN_RETRY_MS = 100;

/** Ends early where nobody wants the call any more. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      unwatch();
      resolve();
    };
    const timer = setTimeout(end, ms);
    const unwatch = onAbort(signal, end);
    if (signal?.aborted === true) end();
  });
}
