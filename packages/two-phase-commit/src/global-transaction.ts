/**
 * One payment as a state machine: (transaction, event) → (transaction, effects). It owns the order of the steps and
 * what each reply means; sending, time, Redis and locks belong to the host. Presumed abort, the home bucket as last
 * agent: whatever the coordinator intends, the decision is what the home's log records first, and only that is
 * answered. Losing this state at any point loses no money: every prepared leg can ask its home by itself.
 *
 * created → journaling → (awaiting-locks) → preparing → deciding → telling → ended
 */
import type { AbortReason } from '@mas/ledger';
import { unreachable, type AccountNumber } from '@mas/values';
import { decisionReplied } from './decision';
import { holdUpAnswered, holdUpOver, replacedUnder } from './hold-up';
import { startDecision, startPreparing } from './instructing';
import { localTransaction } from './local-transaction';
import { legReplied } from './phase-one';
import { legTold } from './phase-two';
import type { TransactionAnswer } from './transaction-effect';
import type { TransactionEvent } from './transaction-event';
import type { Placing, TransactionPlan } from './transaction-plan';
import { withStep, type Advance, type GlobalTransaction, type Timeline } from './transaction-state';

export function globalTransaction(plan: TransactionPlan, placing: Placing): GlobalTransaction {
  return {
    plan,
    homeBucket: placing.homeBucket,
    legs: plan.body.legs.map((spec, i) => localTransaction(spec, placing.legBuckets[i] ?? placing.homeBucket, placing.homeBucket)),
    phase: { kind: 'created' },
    answered: false,
    heldUpSinceMs: null,
    movedSinceMs: null,
    isLookingUp: false,
    timeline: null,
  };
}

/**
 * Takes over a transaction that somebody else left: asks its home to decide and tells the legs.
 * @param timeline what is known of its steps before.
 */
export function resolveTransaction(plan: TransactionPlan, placing: Placing, nowMs: number, timeline: Timeline | null = null): Advance {
  const { txn, key, homeSlot, body, subject, createdAtMs } = plan;
  const askedAtMs = subject.kind === 'operator' ? createdAtMs : null;
  return startDecision({ ...globalTransaction(plan, placing), timeline }, nowMs, {
    kind: 'resolve',
    rejection: null,
    resolve: { kind: 'resolve', txn, key, homeSlot, body, subject, askedAtMs },
  });
}

/** An event that no longer means anything (late, repeated, for another phase) changes nothing. */
export function advance(txn: GlobalTransaction, event: TransactionEvent): Advance {
  switch (event.kind) {
    case 'begin':
      return txn.phase.kind === 'created'
        ? { txn: withStep(txn, event.nowMs, 'received', null, null, { phase: { kind: 'journaling' } }), effects: [{ kind: 'journal-begin' }] }
        : unchanged(txn);
    case 'journaled':
      return txn.phase.kind === 'journaling' ? journaled(txn, event) : unchanged(txn);
    case 'locks-clear':
      return txn.phase.kind === 'awaiting-locks' ? startPreparing(withStep(txn, event.nowMs, 'locks-clear'), event.nowMs) : unchanged(txn);
    case 'lock-timeout':
      return txn.phase.kind === 'awaiting-locks'
        ? startDecision(txn, event.nowMs, { kind: 'abort', reason: lockTimeout(txn, event.lockId, event.attempts) })
        : unchanged(txn);
    case 'leg-replied':
      return txn.phase.kind === 'preparing' ? legReplied(txn, event) : unchanged(txn);
    case 'home-replied':
      return txn.phase.kind === 'deciding' && txn.phase.state === 'asked' ? decisionReplied(txn, txn.phase, event.reply, event.nowMs) : unchanged(txn);
    case 'homes-answered':
      return holdUpAnswered(txn, event);
    case 'settled':
    case 'woken':
      return holdUpOver(txn, event.waiter, event.nowMs);
    case 'placed':
      return replacedUnder(txn, event.placing, event.nowMs);
    case 'deadline':
      return deadline(txn, event.nowMs);
    case 'answer-by':
      return answerBy(txn, event.nowMs);
    case 'leg-told':
      return txn.phase.kind === 'telling' ? legTold(txn, txn.phase.verdict, event) : unchanged(txn);
    default:
      return unreachable(event, 'transaction event');
  }
}

function journaled(txn: GlobalTransaction, event: Extract<TransactionEvent, { kind: 'journaled' }>): Advance {
  const noted = withStep(txn, event.nowMs, event.written ? 'journaled' : 'redis-silent');
  const foreign =
    event.exclusivelyLocked.length === 0
      ? event.exclusivelyLocked
      : event.exclusivelyLocked.filter((lockId) => !txn.plan.lockTokens.some((held) => held.account === lockId));
  if (foreign.length === 0) return startPreparing(noted, event.nowMs);
  return {
    txn: withStep({ ...noted, phase: { kind: 'awaiting-locks' } }, event.nowMs, 'lock-wait', null, foreign.join(',')),
    effects: [{ kind: 'await-locks', lockIds: foreign }],
  };
}

function deadline(txn: GlobalTransaction, nowMs: number): Advance {
  const reason: AbortReason = { name: 'DEADLINE_EXCEEDED', account: null, facts: { phase: txn.phase.kind } };
  switch (txn.phase.kind) {
    case 'journaling':
    case 'awaiting-locks':
    case 'preparing':
      return startDecision(txn, nowMs, { kind: 'abort', reason });
    case 'deciding':
      if (txn.phase.intent.kind !== 'commit' || txn.phase.late) return unchanged(txn);
      // A commit that is at the home may be recorded already: only its reply can tell.
      if (txn.phase.state === 'asked') return { txn: { ...txn, phase: { ...txn.phase, late: true } }, effects: [] };
      return startDecision(txn, nowMs, { kind: 'abort', reason });
    case 'created':
    case 'telling':
    case 'ended':
      return unchanged(txn);
    default:
      return unreachable(txn.phase, 'phase');
  }
}

function answerBy(txn: GlobalTransaction, nowMs: number): Advance {
  if (txn.answered || txn.phase.kind === 'ended') return unchanged(txn);
  const answer: TransactionAnswer = { kind: 'unknown', message: 'The home bucket has not recorded a decision in time; ask again with the same id.' };
  return { txn: withStep({ ...txn, answered: true }, nowMs, 'answered', txn.homeBucket, 'UNKNOWN'), effects: [{ kind: 'answer', answer }] };
}

function lockTimeout(txn: GlobalTransaction, lockId: string, attempts: number): AbortReason {
  const account: AccountNumber | null = txn.legs.find((leg) => leg.spec.account === lockId)?.spec.account ?? null;
  return { name: 'LOCK_TIMEOUT', account, facts: { lock: lockId, attempts: String(attempts) } };
}

function unchanged(txn: GlobalTransaction): Advance {
  return { txn, effects: [] };
}
