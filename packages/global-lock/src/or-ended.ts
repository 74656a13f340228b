/** Waiting that the end of a call cuts short. */

/** Resolves with `waited`, or once the signal says so. */
export async function orEnded(waited: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await waited;
    return;
  }
  let heard: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    heard = resolve;
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', heard, { once: true });
  });
  try {
    await Promise.race([waited, ended]);
  } finally {
    signal.removeEventListener('abort', heard);
  }
}
