/**
 * Puts effective exclusive locks back into the lock table after it was emptied. It asks for the table's identity at an
 * interval; when that has changed, the buckets say which locks are in force. Until then nothing is lost but waiting in
 * the queue: the rows in the buckets go on refusing.
 */
import { every, type Clock, type Logger, type Timer } from '@mas/values';
import type { LockStore } from './lock-store';

export interface RepublisherPorts {
  readonly store: LockStore;
  /** Changes whenever the table's contents may have been lost; rejects while it does not answer. */
  readonly identity: () => Promise<string>;
  /** What the buckets hold; rejects when one of them cannot say. */
  readonly effectiveLocks: () => Promise<readonly { readonly lockId: string; readonly owner: string; readonly token: number; readonly remainingMs: number }[]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export const DEFAULT_REPUBLISH_INTERVAL_MS = 1000;

export class LockRepublisher {
  private published: string | null = null;
  private timer: Timer | null = null;
  /** Said once for each time that it begins, not every second. */
  private failing = false;

  constructor(
    private readonly ports: RepublisherPorts,
    private readonly intervalMs: number = DEFAULT_REPUBLISH_INTERVAL_MS,
  ) {}

  start(): void {
    this.timer = every(this.ports.clock, this.intervalMs, () => this.check());
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** Once, now. A failure is tried again at the next interval. @returns whether locks were published. */
  async check(): Promise<boolean> {
    const { identity, effectiveLocks, store, logger } = this.ports;
    try {
      const current = await identity();
      if (current === this.published) {
        this.failing = false;
        return false;
      }
      const locks = await effectiveLocks();
      await store.republish(locks);
      this.published = current;
      this.failing = false;
      logger.info({ locks: locks.length }, 'exclusive locks were published to the lock table');
      return true;
    } catch (error) {
      if (!this.failing)
        logger.warn(hasKind(error) ? { reason: error.message } : { err: error }, 'exclusive locks could not be published to the lock table; trying again');
      this.failing = true;
      return false;
    }
  }
}

/** One of ours: somebody does not answer, which needs no stack. */
function hasKind(error: unknown): error is Error & { readonly kind: unknown } {
  return error instanceof Error && 'kind' in error;
}
