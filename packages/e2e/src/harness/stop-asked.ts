/** What a program that was asked to stop ends with (128 + SIGINT). */
export const EXIT_ASKED = 130;

/**
 * How a long run hears that it should end: Ctrl-C, SIGTERM, a closed terminal, or a reader of its output that has gone. It then
 * stops what it started, in order. The second such signal ends it at once, and the watchdogs end the rest.
 */
export function onStopAsked(stop: () => void): void {
  let asked = false;
  const once = (): void => {
    if (!asked) stop();
    asked = true;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, once);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', once);
}
