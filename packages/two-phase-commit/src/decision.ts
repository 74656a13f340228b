/**
 * The decision: the home is told the intention and answers what it has recorded, which may be something else: an
 * earlier attempt, another coordinator or a resolver can have been first. Asked again until it answers.
 */
import type { AbortReason } from '@mas/ledger';
import { unreachable } from '@mas/values';
import { hasMovedTooLong, heldUp, lookUp, startDecision, timeUp } from './instructing';
import type { HomeRecord, ItemOutcome } from './participant-protocol';
import { startTelling } from './phase-two';
import { notAuthorized, rejected } from './rejection';
import type { TransactionAnswer } from './transaction-effect';
import type { InstructionReply, Unreachable } from './transaction-event';
import { withStep, type Advance, type Deciding, type GlobalTransaction, type Intent, type RecordedPayment, type Verdict } from './transaction-state';

export function decisionReplied(txn: GlobalTransaction, phase: Deciding, reply: InstructionReply, nowMs: number): Advance {
  switch (reply.kind) {
    case 'outcome':
      return homeAnswered(txn, phase, reply.outcome, nowMs);
    case 'unauthenticated':
    case 'permission-denied':
      return rejected(txn, { kind: 'rejected', error: reply.kind, reason: reply.reason }, nowMs);
    case 'unreachable':
      return inDoubt(txn, nowMs, reply);
    default:
      return unreachable(reply, 'reply to DECIDE');
  }
}

function homeAnswered(txn: GlobalTransaction, phase: Deciding, outcome: ItemOutcome, nowMs: number): Advance {
  switch (outcome.kind) {
    case 'decided':
      return decided(txn, phase, { kind: 'recorded', outcome: recorded(txn, outcome.outcome), fresh: outcome.fresh }, nowMs);
    case 'conflict':
      return decided(txn, phase, { kind: 'conflict', bound: outcome.bound }, nowMs);
    case 'refused':
      if (outcome.refusal.name === 'NOT_AUTHORIZED') return rejected(txn, notAuthorized(outcome.refusal), nowMs);
      return startDecision(txn, nowMs, { kind: 'abort', reason: { ...outcome.refusal } });
    case 'locked': {
      const reason: AbortReason = {
        name: 'LOCK_TIMEOUT',
        account: txn.legs.find((leg) => leg.spec.account === outcome.lock.lockId)?.spec.account ?? null,
        facts: { lock: outcome.lock.lockId },
      };
      if (phase.late) return startDecision(txn, nowMs, { kind: 'abort', reason: lateReason });
      if (timeUp(txn, nowMs)) return startDecision(txn, nowMs, { kind: 'abort', reason });
      return heldUp({ ...txn, phase: { ...phase, state: 'held-up', retries: phase.retries + 1 } }, 'home', phase.retries, nowMs, 'locked', txn.homeBucket);
    }
    case 'wait': {
      if (phase.late) return startDecision(txn, nowMs, { kind: 'abort', reason: lateReason });
      const reason: AbortReason = { name: 'PARTICIPANT_UNAVAILABLE', account: null, facts: { detail: 'the homes of undecided credits did not answer' } };
      if (timeUp(txn, nowMs)) return startDecision(txn, nowMs, { kind: 'abort', reason });
      const waiting = withStep(
        { ...txn, heldUpSinceMs: txn.heldUpSinceMs ?? nowMs, phase: { ...phase, state: 'held-up', retries: phase.retries + 1 } },
        nowMs,
        'wait',
        txn.homeBucket,
      );
      return { txn: waiting, effects: [{ kind: 'query-homes', waiter: 'home', undecided: outcome.undecided }] };
    }
    case 'wrong-bucket': {
      if (phase.late) return startDecision(txn, nowMs, { kind: 'abort', reason: lateReason });
      // Whoever asks again, or a leg's leader, finds the home where it is then.
      if (phase.intent.kind !== 'commit' && hasMovedTooLong(txn, nowMs)) return inDoubt(txn, nowMs, { reason: 'the slot of the home kept moving' });
      return lookUp(withStep({ ...txn, phase: { ...phase, state: 'held-up', retries: phase.retries + 1 } }, nowMs, 'wrong-bucket', txn.homeBucket), nowMs);
    }
    case 'prepared':
    case 'leg-ended':
    case 'account':
    case 'lock':
    case 'lock-released':
    case 'done':
    case 'each':
    case 'move':
      return inDoubt(txn, nowMs, { reason: `unexpected answer ${outcome.kind} to a decision` });
    case 'alarm': {
      const doubt = inDoubt(txn, nowMs, { reason: outcome.alarm.name });
      return { txn: doubt.txn, effects: [{ kind: 'alarm', alarm: outcome.alarm, bucket: txn.homeBucket }, ...doubt.effects] };
    }
    default:
      return unreachable(outcome, 'outcome of DECIDE');
  }
}

function recorded({ plan }: GlobalTransaction, { decision, balances, untold }: HomeRecord): RecordedPayment {
  return { txn: plan.txn, body: plan.body, decision, balances, untold };
}

const lateReason: AbortReason = { name: 'DEADLINE_EXCEEDED', account: null, facts: { phase: 'deciding' } };

function decided(txn: GlobalTransaction, phase: Deciding, verdict: Verdict, nowMs: number): Advance {
  const detail =
    verdict.kind === 'conflict' ? 'CONFLICT' : verdict.outcome.decision.kind === 'committed' ? 'COMMITTED' : `ABORTED ${verdict.outcome.decision.reason.name}`;
  const noted = withStep(txn, nowMs, 'decided', txn.homeBucket, detail);
  if (noted.answered) return startTelling(noted, verdict, nowMs);
  const answered = withStep(noted, nowMs, 'answered', null, null, { answered: true });
  const telling = startTelling(answered, verdict, nowMs);
  return { txn: telling.txn, effects: [{ kind: 'answer', answer: answerOf(phase.intent, verdict) }, ...telling.effects] };
}

/** A refused token stays the answer unless somebody else committed the payment. */
function answerOf(intent: Intent, verdict: Verdict): TransactionAnswer {
  if (intent.kind === 'resolve' && intent.rejection !== null && verdict.kind === 'recorded' && verdict.outcome.decision.kind === 'aborted' && verdict.fresh)
    return intent.rejection;
  return verdict;
}

/** The home was asked for as long as it may be. Whoever asks again with the same id, or a leg's leader, will hear. */
function inDoubt(txn: GlobalTransaction, nowMs: number, { reason, noQuorum, noStore }: Pick<Unreachable, 'reason' | 'noQuorum' | 'noStore'>): Advance {
  const ended = withStep({ ...txn, phase: { kind: 'ended', verdict: null }, answered: true }, nowMs, 'in-doubt', txn.homeBucket, reason);
  if (txn.answered) return { txn: ended, effects: [{ kind: 'ended' }] };
  // No decision has come into any log by this attempt: earlier questions to the home were answered and recorded nothing.
  if (noQuorum?.perhapsDone === false) return { txn: ended, effects: [{ kind: 'answer', answer: { kind: 'no-quorum', noQuorum } }, { kind: 'ended' }] };
  if (noStore?.perhapsDone === false) return { txn: ended, effects: [{ kind: 'answer', answer: { kind: 'no-store', noStore } }, { kind: 'ended' }] };
  return {
    txn: ended,
    effects: [
      { kind: 'answer', answer: { kind: 'unknown', message: `The home bucket did not answer (${reason}); ask again with the same id.` } },
      { kind: 'ended' },
    ],
  };
}
