/**
 * Those who wait for the state of exactly one moment: everything with a moment up to it has been applied, and nothing behind it. Every replica finds the same place between
 * two entries, or that an entry lies on both sides (its leader did not know of the cut): then there is no such state, and another moment is chosen.
 */
import { entryMoments } from '@mas/ledger';
import type { Clock } from '@mas/values';
import { changesConfiguration, type Barrier, type DecodedEntry } from '../bucket/apply-parts';

/** There is no state of that moment here, now or any more. */
export class CutMissed extends Error {
  readonly kind = 'cut-missed';
}

interface Waiting {
  readonly us: number;
  readonly reached: () => Promise<void>;
  readonly missed: (why: string) => void;
}

export class CutBarriers {
  private waiting: Waiting[] = [];

  constructor(private readonly clock: Clock) {}

  /** Resolves at the cut, where applying stands still until `isRead`. @param momentUs where the bucket stands @throws CutMissed */
  at(us: number, momentUs: number, timeoutMs: number, isRead: Promise<void>): Promise<void> {
    if (momentUs > us) return Promise.reject(new CutMissed('the replica had passed the moment when it was asked'));
    // Closed there: what comes lies behind it, and the reader is looked at for what came meanwhile.
    if (momentUs === us) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        us,
        reached: () => {
          timer.cancel();
          resolve();
          return isRead;
        },
        missed: (why) => {
          timer.cancel();
          reject(new CutMissed(why));
        },
      };
      const timer = this.clock.schedule(timeoutMs, () => {
        this.waiting = this.waiting.filter((other) => other !== waiting);
        reject(new CutMissed('the replica has not come to the moment in time'));
      });
      this.waiting.push(waiting);
    });
  }

  /** Those that this run reaches, in the order of the log; a barrier may lie before its first entry. @param at the bucket before the run */
  takeReachedBy(run: readonly DecodedEntry[], at: { readonly stampMs: number; readonly momentUs: number }): readonly Barrier[] {
    if (this.waiting.length === 0) return NONE;
    const reached: Barrier[] = [];
    let { stampMs, momentUs } = at;
    this.settle(
      ({ us }) => us < momentUs,
      ({ missed }) => missed('the replica was brought beyond the moment'),
    );
    for (const { entry, decoded } of run) {
      if (decoded === null) continue;
      const { firstUs, lastUs } = entryMoments(decoded, { stampMs, momentUs });
      this.settle(
        ({ us }) => us <= lastUs,
        ({ us, reached: read, missed }) => {
          const isBehind = us === lastUs;
          // Behind a change of configuration only the run's end can be checkpointed.
          if (changesConfiguration(run)) missed('the bucket\u2019s replicas changed at the moment');
          else if (!isBehind && firstUs !== null && firstUs <= us) missed('an entry lies on both sides of the moment');
          else reached.push({ index: isBehind ? entry.index : entry.index - 1, reached: read });
        },
      );
      momentUs = lastUs;
      stampMs = Math.max(stampMs, decoded.stampMs);
    }
    return reached;
  }

  private settle(isDue: (waiting: Waiting) => boolean, act: (waiting: Waiting) => void): void {
    const due = this.waiting.filter(isDue);
    if (due.length === 0) return;
    this.waiting = this.waiting.filter((waiting) => !isDue(waiting));
    for (const waiting of due) act(waiting);
  }
}

const NONE: readonly Barrier[] = [];
