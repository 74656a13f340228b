import { onAbort } from './aborts';

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
