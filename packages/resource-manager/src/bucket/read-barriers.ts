/**
 * Those who wait for the state that an entry leaves which closes the bucket at a moment. Every replica has the same such entry, so that replicas are
 * compared while payments run.
 */
import { closedBy } from '@mas/ledger';
import type { Clock } from '@mas/values';
import { changesConfiguration, type Barrier, type DecodedEntry } from './apply-parts';

interface Waiting {
  readonly us: number;
  readonly reached: () => Promise<void>;
}

export class ReadBarriers {
  private waiting: Waiting[] = [];
  /** The latest moment at which an entry that was applied here has closed the bucket. */
  private passedUs = 0;

  constructor(private readonly clock: Clock) {}

  /**
   * Resolves right behind the first entry that closes the bucket at `us`, where applying stands still until `isRead`; where that has been applied already, or
   * does not come in time, wherever the replica is then.
   */
  at(us: number, timeoutMs: number, isRead: Promise<void>): Promise<void> {
    if (us <= this.passedUs) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting: Waiting = {
        us,
        reached: () => {
          timer.cancel();
          resolve();
          return isRead;
        },
      };
      const timer = this.clock.schedule(timeoutMs, () => {
        this.waiting = this.waiting.filter((other) => other !== waiting);
        resolve();
      });
      this.waiting.push(waiting);
    });
  }

  /** Those that this run reaches, ascending. Behind a change of configuration only the run's end can be checkpointed. */
  takeReachedBy(run: readonly DecodedEntry[]): readonly Barrier[] {
    const reached: Barrier[] = [];
    for (const { entry, decoded } of run) {
      const us = decoded === null ? 0 : closedBy(decoded);
      if (us <= this.passedUs) continue;
      this.passedUs = us;
      if (this.waiting.length === 0 || changesConfiguration(run)) continue;
      for (const waiting of this.waiting) if (waiting.us <= us) reached.push({ index: entry.index, reached: waiting.reached });
      this.waiting = this.waiting.filter((waiting) => waiting.us > us);
    }
    return reached;
  }
}
