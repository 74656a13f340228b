/**
 * Signals that ask to stop, told apart by who sends them. One stop may come as several signals: npm repeats a Ctrl-C that the
 * terminal has sent already, and under foreman the terminal sends SIGINT and the manager SIGTERM. So what follows the first
 * within SAME_STOP_MS belongs to it, and later only SIGINT means anything more: a person who presses Ctrl-C again does not
 * want to wait. A supervisor that does not want to wait has SIGKILL. SIGHUP is the terminal closing: an orderly stop.
 */
export const SAME_STOP_MS = 1_500;
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export type StopSignal = (typeof STOP_SIGNALS)[number];

/** What of `process` is needed. */
interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
}

/** Calls `stop` once, and `force` for every Ctrl-C after that stop has begun. Never gives the signals back. */
export function onStopSignals(
  stop: (signal: StopSignal) => void,
  force: () => void,
  source: SignalSource = process,
  now: () => number = () => performance.now(),
): void {
  let firstAtMs: number | null = null;
  for (const signal of STOP_SIGNALS) {
    source.on(signal, () => {
      if (firstAtMs === null) {
        firstAtMs = now();
        stop(signal);
      } else if (signal === 'SIGINT' && now() - firstAtMs > SAME_STOP_MS) force();
    });
  }
}
