/**
 * What earlier runs and dead coordinators left PENDING in Redis is finished through the homes: asked first, and
 * where nothing is recorded, resolved. Nothing depends on it: participants resolve their legs by themselves, also
 * with Redis empty. It only makes the end come sooner and the entries true.
 */
import { homeSlotOfKey } from '@mas/placement';
import { resolveTransaction, globalTransaction, type GlobalTransaction, type Timeline, type TransactionPlan } from '@mas/two-phase-commit';
import { delay, every, type Timer } from '@mas/values';
import { PaymentRun } from '../payment/payment-run';
import type { RunServices } from '../payment/run-services';
import { MOVED_RETRY_MS } from '../payment/payments';
import type { TransactionEntry, TxnCoordinatorDAO } from '../txn-coordinator-dao';

/** Between two questions for entries of this coordinator's earlier runs. */
const OWN_AGAIN_MS = 1_000;

export class Recovery {
  private timer: Timer | null = null;
  private stopped = false;

  constructor(
    private readonly services: RunServices,
    private readonly dao: TxnCoordinatorDAO,
  ) {}

  start(): void {
    void this.finishOwn(this.services.clock.wallMs());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /**
   * Entries of this coordinator from before it started; what it writes from then on is under way. Again until Redis has told of all of
   * them: it may be away just now, or there may be more than one batch takes.
   */
  private async finishOwn(startedAtMs: number): Promise<void> {
    const { config, clock } = this.services;
    for (;;) {
      const taken = await this.sweep(config.coordinatorId, startedAtMs);
      if (taken !== null && taken < config.recoveryBatch) break;
      await delay(clock, OWN_AGAIN_MS);
      if (this.stopped) return;
    }
    this.orphansLater();
  }

  /** Anybody's entries, older than every deadline: their coordinator cannot still be working on them. */
  private orphansLater(): void {
    if (this.stopped) return;
    const { config, clock } = this.services;
    this.timer = every(clock, config.recoveryIntervalMs, () => this.sweep(null, clock.wallMs() - config.orphanAgeMs));
  }

  /** @returns how many there were, or null when Redis did not say. One whose home does not answer is asked for again by `Unfinished`. */
  private async sweep(coordinator: string | null, createdBeforeMs: number): Promise<number | null> {
    const { config, logger } = this.services;
    let entries: readonly TransactionEntry[];
    try {
      entries = await this.dao.pending(coordinator, config.recoveryBatch);
    } catch {
      return null;
    }
    const left = entries.filter((entry) => entry.createdAtMs < createdBeforeMs);
    if (left.length > 0) logger.info({ transactions: left.length, coordinator }, 'finishing transactions that were left pending');
    await Promise.all(left.map((entry) => this.finish(entry)));
    return left.length;
  }

  private finish(entry: TransactionEntry): Promise<boolean> {
    const { clock, config } = this.services;
    const { txn, key, body, createdAtMs } = entry;
    return this.resolve(
      {
        txn,
        key,
        homeSlot: homeSlotOfKey(key),
        body,
        subject: { kind: 'system' },
        lockTokens: [],
        createdAtMs,
        startedAtMs: clock.monotonicMs() - Math.max(0, clock.wallMs() - createdAtMs),
        limits: {
          lockedRetryMs: config.lockedRetryMs,
          retryMinMs: config.retryBackoffMinMs,
          retryMaxMs: config.retryBackoffMaxMs,
          movedRetryMs: MOVED_RETRY_MS,
        },
      },
      null,
    );
  }

  /** One that a run of this process has given up; its trace goes on. */
  finishLeft({ plan, timeline }: GlobalTransaction): Promise<boolean> {
    return this.resolve({ ...plan, subject: { kind: 'system' }, lockTokens: [] }, timeline);
  }

  /** True when the home has answered. */
  private resolve(plan: TransactionPlan, timeline: Timeline | null): Promise<boolean> {
    const { clock, config, placements, counters } = this.services;
    const placing = placements.placing(plan.homeSlot, plan.body);
    return new Promise((resolve) => {
      let recorded = false;
      const run = new PaymentRun(this.services, globalTransaction(plan, placing), {
        token: null,
        deadlineMs: clock.monotonicMs() + config.decideTimeoutMs + config.tellTimeoutMs,
        lockDenied: null,
        holdsLocks: false,
        onAnswer: (answer) => {
          recorded = answer.kind === 'recorded' || answer.kind === 'conflict';
          if (!recorded) return;
          counters.recovered += 1;
          // Legs that have yet to be told keep nobody waiting.
          resolve(true);
        },
        onEnded: () => resolve(recorded),
      });
      run.takeOver(resolveTransaction(plan, placing, clock.monotonicMs(), timeline));
    });
  }
}
