/**
 * Signals that ask to stop. npm passes Ctrl-C on to a process that the terminal has told already, so the same signal may
 * come twice for one press of a key; only what comes later is a person who does not want to wait.
 */
const SAME_PRESS_MS = 500;
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export type StopSignal = (typeof STOP_SIGNALS)[number];

/** What of `process` is needed. */
interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
}

/** Calls `first` once, and `again` for every signal that is not part of the same press. Never gives the signals back. */
export function onStopSignals(first: (signal: StopSignal) => void, again: (signal: StopSignal) => void, source: SignalSource = process, now: () => number = () => performance.now()): void {
  let firstAtMs: number | null = null;
  for (const signal of STOP_SIGNALS) {
    source.on(signal, () => {
      if (firstAtMs === null) {
        firstAtMs = now();
        first(signal);
      } else if (now() - firstAtMs > SAME_PRESS_MS) again(signal);
    });
  }
}
