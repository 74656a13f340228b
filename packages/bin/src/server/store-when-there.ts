/**
 * A database server that does not answer when a Resource Manager starts is waited for: after a power cut both come up in any
 * order. Bounded, because a wrong port looks the same; and what is misconfigured is not waited for at all.
 */
import { delay, type Clock, type Logger } from '@mas/values';

const RETRY_MS = 250;

/** Calls `open` until it succeeds. @throws what it threw, at once unless it is StoreUnavailable, which is thrown once `waitMs` are over. */
export async function storeWhenThere<Store>(open: () => Promise<Store>, waitMs: number, clock: Clock, logger: Logger): Promise<Store> {
  const untilMs = clock.monotonicMs() + waitMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const store = await open();
      if (attempt > 1) logger.info({}, 'the SQL server answers now');
      return store;
    } catch (error) {
      if (!isUnavailable(error) || clock.monotonicMs() + RETRY_MS > untilMs) throw error;
      if (attempt === 1) logger.warn({ reason: error.message, waitMs }, 'waiting for the SQL server');
    }
    await delay(clock, RETRY_MS);
  }
}

function isUnavailable(error: unknown): error is Error {
  return error instanceof Error && 'kind' in error && error.kind === 'store-unavailable';
}
