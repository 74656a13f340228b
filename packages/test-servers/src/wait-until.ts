/** Waits for a condition instead of sleeping; says what it waited for, and what it saw last, when it gives up. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 15;
/** How long a thing may take that takes a moment: no judgement on it, a machine may be as busy as it likes. */
const DEFAULT_TIMEOUT_MS = 90_000;

export interface WaitOptions {
  /** Default 90,000. */
  readonly timeoutMs?: number;
  /** Between two looks at the condition. */
  readonly intervalMs?: number;
  /** Rendered into the error on time-out. */
  readonly diagnostics?: () => string;
}

/** Polls until `condition` gives true. A condition that throws counts as not yet; its last error is in the time-out's message. */
export async function waitUntil(what: string, condition: () => boolean | Promise<boolean>, options: WaitOptions = {}): Promise<void> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const startedAtMs = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() - startedAtMs > timeoutMs) {
      const details = [lastError === undefined ? '' : String(lastError), options.diagnostics?.() ?? ''].filter((text) => text !== '');
      throw new Error([`gave up after ${timeoutMs} ms waiting until ${what}`, ...details].join('\n'), { cause: lastError });
    }
    await delay(options.intervalMs ?? POLL_INTERVAL_MS);
  }
}
