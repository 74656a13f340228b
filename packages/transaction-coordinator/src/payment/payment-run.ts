/**
 * Performs one global transaction: turns its effects into requests, entries and timers, and what comes of them into
 * events. All rules are in the state machine; here is only the world. Callbacks instead of promises on the way of
 * every payment, because it is the hot path.
 */
import type { OutcomeRow } from '@mas/ledger';
import {
  advance,
  timelineOf,
  type Advance,
  type GlobalTransaction,
  type InstructionReply,
  type TransactionAnswer,
  type TransactionEffect,
  type TransactionEvent,
  type Unreachable,
} from '@mas/two-phase-commit';
import { splitPaymentKey, unreachable, type BucketId } from '@mas/values';
import { noFailpoints, type Failpoint } from '../failpoints';
import { entryOf } from '../journal/transaction-entry';
import { isUnreachable } from '../transport/bucket-link';
import type { AttemptId } from '../txn-coordinator-dao';
import type { WheelEntry } from '../transport/timer-wheel';
import { RunDeadline } from './run-deadline';
import type { RunServices } from './run-services';

export interface RunOptions {
  /** Of the caller; null where the coordinator acts by itself. */
  readonly token: string | null;
  readonly deadlineMs: number;
  /** Called exactly once. */
  readonly onAnswer: (answer: TransactionAnswer) => void;
  /** Nothing is awaited any more; locks of the payment can go. */
  readonly onEnded: () => void;
  /** Exclusive mode: the lock that could not be had; the payment aborts with LOCK_TIMEOUT. */
  readonly lockDenied: { readonly lockId: string; readonly attempts: number } | null;
  /** Exclusive mode: the locks that the table shows on the payment's accounts are its own. */
  readonly holdsLocks: boolean;
}

/** A decided payment whose legs are still being told shows as decided in Redis after so long. */
export const JOURNAL_GRACE_MS = 1_000;

export class PaymentRun {
  private transaction: GlobalTransaction;
  private readonly queue: TransactionEvent[] = [];
  private running = false;
  private isTakenOver = false;
  /** The caller has heard that nothing is decided yet. */
  private isOpen = false;
  private readonly deadline: RunDeadline;
  private graceEntry: WheelEntry | null = null;

  constructor(
    private readonly services: RunServices,
    transaction: GlobalTransaction,
    private readonly options: RunOptions,
  ) {
    this.transaction = transaction;
    this.deadline = new RunDeadline(services.wheel, options.deadlineMs, services.config.deadlineReserveMs);
  }

  begin(): void {
    this.armDeadline();
    this.dispatch({ kind: 'begin', nowMs: this.nowMs() });
  }

  /** For transactions taken over by RESOLVE: performs the effects that came with them. */
  takeOver(taken: Advance): void {
    this.isTakenOver = true;
    this.armDeadline();
    this.transaction = taken.txn;
    for (const effect of taken.effects) this.perform(effect);
  }

  /**
   * Goes on with a transaction that has come so far otherwise (flight.ts); what it still waits for is reported by `hear`.
   * @param graceMs in which it shows as decided in Redis, where it is.
   */
  resume(graceMs: number): void {
    if (!this.transaction.answered) this.armDeadline();
    else if (this.transaction.phase.kind === 'telling') this.armGrace(graceMs);
  }

  hear(event: TransactionEvent): void {
    this.dispatch(event);
  }

  private dispatch(event: TransactionEvent): void {
    if (this.running) {
      this.queue.push(event);
      return;
    }
    this.running = true;
    try {
      for (let next: TransactionEvent | undefined = event; next !== undefined; next = this.queue.shift()) {
        const { txn, effects } = advance(this.transaction, next);
        this.transaction = txn;
        for (const effect of effects) this.perform(effect);
      }
    } catch (error) {
      this.broken(error);
    } finally {
      this.running = false;
    }
  }

  private perform(effect: TransactionEffect): void {
    const { link, config, counters, logger } = this.services;
    switch (effect.kind) {
      case 'journal-begin':
        return this.journalBegin();
      case 'await-locks':
        return this.awaitLocks(effect.lockIds);
      case 'prepare': {
        const { account } = effect.instruction;
        this.hit('prepare:before');
        return link.submit(effect.bucket, 'phase-1', effect.instruction, this.options.token, this.nowMs() + config.prepareTimeoutMs, (reply) => {
          this.hit('prepare:after');
          this.dispatch({ kind: 'leg-replied', nowMs: this.nowMs(), account, reply });
        });
      }
      case 'decide':
        return this.decide(effect);
      case 'query-homes':
        return this.queryHomes(effect);
      case 'settle':
        return this.settle(effect);
      case 'wake': {
        const pauseMs = effect.delayMs * (0.5 + this.services.random.unit() / 2);
        this.services.wheel.add(this.nowMs() + pauseMs, () => this.dispatch({ kind: 'woken', nowMs: this.nowMs(), waiter: effect.waiter }));
        return;
      }
      case 'refresh-placement':
        return this.refreshPlacement();
      case 'answer':
        return this.answer(effect.answer);
      case 'tell':
        return this.tell(effect);
      case 'acknowledge':
        if (!link.submitBackground(effect.bucket, 'phase-2-commit', effect.instruction, this.nowMs() + config.tellTimeoutMs, () => undefined))
          counters.tellsDropped += 1;
        return;
      case 'journal-end':
        this.hit('end:before');
        this.journalEnd();
        return this.hit('end:after');
      case 'journal-forget':
        return this.services.journal.forget(this.attempt());
      case 'alarm':
        counters.alarms += 1;
        logger.error(
          { alarm: effect.alarm.name, txn: effect.alarm.txn, account: effect.alarm.account, bucket: effect.bucket },
          'a bucket reports what must not happen',
        );
        return;
      case 'ended':
        return this.ended();
      default:
        return unreachable(effect, 'transaction effect');
    }
  }

  private journalBegin(): void {
    const { journal, config } = this.services;
    this.hit('begin:before');
    const { lockDenied, holdsLocks } = this.options;
    journal.begin(
      entryOf(this.transaction, config.coordinatorId),
      this.transaction.plan.body.legs.map((leg) => leg.account),
      (written, locked) => {
        this.hit('begin:after');
        this.dispatch({
          kind: 'journaled',
          nowMs: this.nowMs(),
          written,
          exclusivelyLocked: lockDenied !== null ? [lockDenied.lockId] : holdsLocks ? [] : locked,
        });
      },
    );
  }

  /** The trace of the attempt that decided is never overwritten by another's. */
  private journalEnd(): void {
    const { journal, config } = this.services;
    const { phase } = this.transaction;
    const verdict = phase.kind === 'telling' || phase.kind === 'ended' ? phase.verdict : null;
    // What the id is bound to is no payment: there is nothing to show.
    if (verdict?.kind === 'conflict' && verdict.bound.body.legs.length === 0) return journal.forget(this.attempt());
    const decidedHere = verdict?.kind === 'recorded' && verdict.fresh && !this.isTakenOver;
    journal.record(entryOf(this.transaction, config.coordinatorId), !decidedHere);
  }

  private attempt(): AttemptId {
    const { key, createdAtMs } = this.transaction.plan;
    return { key, coordinator: this.services.config.coordinatorId, createdAtMs };
  }

  private awaitLocks(lockIds: readonly string[]): void {
    const { lockDenied } = this.options;
    if (lockDenied !== null) return this.dispatch({ kind: 'lock-timeout', nowMs: this.nowMs(), ...lockDenied });
    this.hit('lock:before');
    this.services.lockWaiter
      .wait(lockIds, () => this.transaction.phase.kind !== 'awaiting-locks')
      .then((wait) => {
        this.hit('lock:after');
        this.dispatch(wait.kind === 'clear' ? { kind: 'locks-clear', nowMs: this.nowMs() } : { ...wait, kind: 'lock-timeout', nowMs: this.nowMs() });
      })
      .catch((error: unknown) => this.broken(error));
  }

  private decide(effect: Extract<TransactionEffect, { kind: 'decide' }>): void {
    const { instruction } = effect;
    const phase = instruction.kind === 'decide-commit' ? 'phase-2-commit' : 'phase-2-rollback';
    // RESOLVE in the cluster's own name carries no token; an operator's does.
    const token = instruction.subject.kind === 'system' ? null : this.options.token;
    this.hit('decide:before');
    this.services.link.submit(effect.bucket, phase, instruction, token, this.nowMs() + this.services.config.decideTimeoutMs, (reply) => {
      this.hit('decide:after');
      this.dispatch({ kind: 'home-replied', nowMs: this.nowMs(), reply });
    });
  }

  private queryHomes({ waiter, undecided }: Extract<TransactionEffect, { kind: 'query-homes' }>): void {
    const untilMs = this.nowMs() + this.services.config.requestTimeoutMs;
    Promise.all(undecided.map(async (leg) => ({ leg, recorded: unlessUnreachable(await this.services.link.query(leg.key, leg.homeSlot, untilMs)) })))
      .then((answers) => this.dispatch({ kind: 'homes-answered', nowMs: this.nowMs(), waiter, answers }))
      .catch((error: unknown) => this.broken(error));
  }

  private settle({ waiter, bucket, instructions }: Extract<TransactionEffect, { kind: 'settle' }>): void {
    let open = instructions.length;
    for (const instruction of instructions) {
      const phase = instruction.kind === 'commit' ? 'phase-2-commit' : 'phase-2-rollback';
      this.services.link.submit(bucket, phase, instruction, null, this.nowMs() + this.services.config.requestTimeoutMs, () => {
        open -= 1;
        if (open === 0) this.dispatch({ kind: 'settled', nowMs: this.nowMs(), waiter });
      });
    }
  }

  private refreshPlacement(): void {
    const { placements } = this.services;
    const { plan } = this.transaction;
    placements
      .refresh()
      .then(() => this.dispatch({ kind: 'placed', nowMs: this.nowMs(), placing: placements.placing(plan.homeSlot, plan.body) }))
      .catch((error: unknown) => this.broken(error));
  }

  private tell({
    bucket,
    instruction,
  }: {
    readonly bucket: BucketId;
    readonly instruction: Extract<TransactionEffect, { kind: 'tell' }>['instruction'];
  }): void {
    const { link, config, counters } = this.services;
    const { account } = instruction;
    const told = (reply: InstructionReply): void => {
      this.hit('phase-2:after');
      this.dispatch({ kind: 'leg-told', nowMs: this.nowMs(), account, reply });
    };
    this.hit('phase-2:before');
    const phase = instruction.kind === 'commit' ? 'phase-2-commit' : 'phase-2-rollback';
    if (link.submitBackground(bucket, phase, instruction, this.nowMs() + config.tellTimeoutMs, told)) return;
    counters.tellsDropped += 1;
    told({ kind: 'unreachable', reason: 'too many legs wait to be told' });
  }

  private answer(answer: TransactionAnswer): void {
    this.deadline.disarm();
    this.hit('reply:before');
    this.options.onAnswer(answer);
    this.hit('reply:after');
    this.isOpen = answer.kind === 'unknown' || answer.kind === 'no-quorum' || answer.kind === 'no-store';
    if (this.isOpen && this.transaction.phase.kind !== 'ended') this.services.unfinished.unknown(this.transaction);
    if (answer.kind === 'recorded' || answer.kind === 'conflict') this.armGrace(JOURNAL_GRACE_MS);
  }

  private armGrace(graceMs: number): void {
    this.graceEntry = this.services.wheel.add(this.nowMs() + graceMs, () => {
      this.graceEntry = null;
      if (this.transaction.phase.kind === 'telling') this.journalEnd();
    });
  }

  private ended(): void {
    const { logger, unfinished, counters } = this.services;
    counters.steps.note(timelineOf(this.transaction));
    this.deadline.disarm();
    if (this.graceEntry !== null) this.services.wheel.remove(this.graceEntry);
    this.graceEntry = null;
    const { plan, phase } = this.transaction;
    const verdict = phase.kind === 'ended' ? phase.verdict : null;
    if (verdict === null && this.isOpen) unfinished.left(this.transaction);
    else unfinished.ended(plan.txn);
    const end = verdict === null ? 'in doubt' : verdict.kind === 'conflict' ? 'conflict' : verdict.outcome.decision.kind;
    logger.debug({ paymentId: splitPaymentKey(plan.key).id, txn: plan.txn, end, durationMs: this.nowMs() - plan.startedAtMs }, 'payment ended');
    this.options.onEnded();
  }

  private armDeadline(): void {
    this.deadline.arm(
      () => this.dispatch({ kind: 'deadline', nowMs: this.nowMs() }),
      () => this.dispatch({ kind: 'answer-by', nowMs: this.nowMs() }),
    );
  }

  private hit(point: Failpoint): void {
    if (this.services.failpoints === noFailpoints) return;
    this.services.failpoints.hit(point, { paymentId: splitPaymentKey(this.transaction.plan.key).id, txn: this.transaction.plan.txn });
  }

  private nowMs(): number {
    return this.services.clock.monotonicMs();
  }

  /**
   * A defect of ours. Thrown where nobody catches it, so that the process stops, and not into the reply that brought
   * it, which others share. The payment stays for its participants to resolve.
   */
  private broken(error: unknown): void {
    this.services.logger.error({ err: error, txn: this.transaction.plan.txn }, 'driving a payment failed');
    this.services.clock.defer(() => {
      throw error;
    });
  }
}

function unlessUnreachable(recorded: OutcomeRow | null | Unreachable): OutcomeRow | null | 'unreachable' {
  return isUnreachable(recorded) ? 'unreachable' : recorded;
}
