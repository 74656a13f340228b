/**
 * What earlier runs and dead coordinators left PENDING in Redis is finished through the homes: asked first, and
 * where nothing is recorded, resolved. Nothing depends on it: participants resolve their legs by themselves, also
 * with Redis empty. It only makes the end come sooner and the entries true.
 */
import { homeSlotOfKey } from '@mas/placement';
import { resolveTransaction, globalTransaction, type GlobalTransaction, type Timeline, type TransactionPlan } from '@mas/two-phase-commit';
import type { Timer } from '@mas/values';
import { PaymentRun } from '../payment/payment-run';
import type { RunServices } from '../payment/run-services';
import { MAX_REPLACEMENTS } from '../payment/payments';
import type { TransactionEntry, TxnCoordinatorDAO } from '../txn-coordinator-dao';

export class Recovery {
  private timer: Timer | null = null;
  private stopped = false;

  constructor(
    private readonly services: RunServices,
    private readonly dao: TxnCoordinatorDAO,
  ) {}

  start(): void {
    void this.sweep('own').then(() => this.again());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /**
   * own: entries of this coordinator from before it started. orphans: anybody's, older than every deadline, which
   * their coordinator therefore cannot still be working on.
   */
  async sweep(which: 'own' | 'orphans'): Promise<number> {
    const { config, clock, logger } = this.services;
    const startedAtMs = clock.wallMs();
    let entries: readonly TransactionEntry[];
    try {
      entries = await this.dao.pending(which === 'own' ? config.coordinatorId : null, config.recoveryBatch);
    } catch {
      return 0;
    }
    const bound = which === 'own' ? startedAtMs : startedAtMs - config.orphanAgeMs;
    const left = entries.filter((entry) => entry.createdAtMs < bound);
    if (left.length > 0) logger.info({ transactions: left.length, which }, 'finishing transactions that were left pending');
    const ended = await Promise.all(left.map((entry) => this.finish(entry)));
    return ended.filter((done) => done).length;
  }

  private again(): void {
    if (this.stopped) return;
    this.timer = this.services.clock.schedule(this.services.config.recoveryIntervalMs, () => {
      void this.sweep('orphans').then(() => this.again());
    });
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
        limits: { lockedRetryMs: config.lockedRetryMs, retryMinMs: config.retryBackoffMinMs, retryMaxMs: config.retryBackoffMaxMs, maxReplacements: MAX_REPLACEMENTS },
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
