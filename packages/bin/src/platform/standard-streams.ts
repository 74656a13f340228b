/**
 * Output that nobody takes any more: a pipe whose reader has gone, a terminal that was closed, a full disk behind `>`. Node
 * reports it as an event that ends the process when nobody listens; whoever has other work to finish listens.
 */

/** A failed write to stdout or stderr never ends this process. @param onLost hears of each, with the system's code */
export function surviveLostOutput(onLost: (stream: 'stdout' | 'stderr', code: string) => void = () => undefined): void {
  for (const name of ['stdout', 'stderr'] as const) process[name].on('error', (error: NodeJS.ErrnoException) => onLost(name, error.code ?? error.message));
}
