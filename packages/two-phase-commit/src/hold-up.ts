/**
 * LOCKED, WAIT and WRONG_BUCKET record nothing: the same instruction is asked again, by one leg or by the decision at
 * home, until the time for it is up. WAIT names transactions whose money might help: their homes are asked, those
 * decided are told to the bucket that waits, and those undecided are named in the next instruction, whose result
 * is then final.
 */
import type { CommitLeg, OutcomeRow, RollbackLeg, UndecidedLeg } from '@mas/ledger';
import type { BucketId, TxnId } from '@mas/values';
import { askHome, hasMovedTooLong, startDecision, startPreparing } from './instructing';
import { replaced } from './local-transaction';
import { tellAgain } from './phase-two';
import type { TransactionEvent, Waiter } from './transaction-event';
import type { Placing } from './transaction-plan';
import { withLeg, withStep, type Advance, type Deciding, type GlobalTransaction } from './transaction-state';

export function holdUpAnswered(txn: GlobalTransaction, event: Extract<TransactionEvent, { kind: 'homes-answered' }>): Advance {
  const bucket = waitingBucket(txn, event.waiter);
  if (bucket === null) return { txn, effects: [] };
  if (event.answers.some((answer) => answer.recorded === 'unreachable')) {
    return { txn: withStep(txn, event.nowMs, 'homes-silent', bucket), effects: [{ kind: 'wake', waiter: event.waiter, delayMs: txn.plan.limits.retryMaxMs }] };
  }
  const instructions: (CommitLeg | RollbackLeg)[] = [];
  const undecided: TxnId[] = [];
  for (const { leg, recorded } of event.answers) {
    const instruction = recorded === null || recorded === 'unreachable' ? null : settlement(leg, recorded);
    if (instruction === null) undecided.push(leg.txn);
    else instructions.push(instruction);
  }
  const named = nameUndecided(txn, event.waiter, undecided);
  if (instructions.length === 0) return holdUpOver(named, event.waiter, event.nowMs);
  return { txn: withStep(named, event.nowMs, 'settle-sent', bucket), effects: [{ kind: 'settle', waiter: event.waiter, bucket, instructions }] };
}

export function holdUpOver(txn: GlobalTransaction, waiter: Waiter, nowMs: number): Advance {
  if (waitingBucket(txn, waiter) === null) return { txn, effects: [] };
  if (waiter === 'home') return txn.phase.kind === 'deciding' ? askHome(txn, txn.phase, nowMs) : { txn, effects: [] };
  return startPreparing(withLeg(txn, waiter, { state: 'idle' }), nowMs);
}

/** Slots moved under the payment. Promises moved along; what has not been asked for is asked at its new place. */
export function replacedUnder(txn: GlobalTransaction, placing: Placing, nowMs: number): Advance {
  const decided = txn.phase.kind === 'telling';
  const moved: GlobalTransaction = {
    ...txn,
    isLookingUp: false,
    homeBucket: placing.homeBucket,
    legs: txn.legs.map((leg, i) => {
      const bucket = placing.legBuckets[i] ?? leg.bucket;
      return decided ? { ...leg, bucket } : replaced(leg, bucket, placing.homeBucket);
    }),
  };
  switch (txn.phase.kind) {
    case 'preparing':
      return hasMovedTooLong(moved, nowMs) ? startDecision(moved, nowMs, { kind: 'abort', reason: lost }) : startPreparing(moved, nowMs);
    case 'deciding':
      return txn.phase.state === 'held-up' ? replacedAtHome(moved, txn.phase, nowMs) : { txn: { ...txn, isLookingUp: false }, effects: [] };
    case 'telling':
      return tellAgain(moved, nowMs);
    case 'created':
    case 'journaling':
    case 'awaiting-locks':
    case 'ended':
      return { txn: { ...txn, isLookingUp: false }, effects: [] };
  }
}

/** A commit may now have legs that have left the home's bucket: they need a promise first. */
function replacedAtHome(txn: GlobalTransaction, phase: Deciding, nowMs: number): Advance {
  if (phase.intent.kind === 'commit' && hasMovedTooLong(txn, nowMs)) return startDecision(txn, nowMs, { kind: 'abort', reason: lost });
  if (phase.intent.kind === 'commit' && txn.legs.some((leg) => leg.state === 'idle')) return startPreparing(txn, nowMs);
  return askHome(txn, phase, nowMs);
}

const lost = { name: 'PARTICIPANT_UNAVAILABLE', account: null, facts: { detail: 'the slots of the payment kept moving' } } as const;

/** Null when the waiter no longer waits. */
function waitingBucket(txn: GlobalTransaction, waiter: Waiter): BucketId | null {
  if (waiter === 'home') return txn.phase.kind === 'deciding' && txn.phase.state === 'held-up' ? txn.homeBucket : null;
  const leg = txn.phase.kind === 'preparing' ? txn.legs.find((candidate) => candidate.spec.account === waiter && candidate.state === 'held-up') : undefined;
  return leg?.bucket ?? null;
}

function nameUndecided(txn: GlobalTransaction, waiter: Waiter, undecided: readonly TxnId[]): GlobalTransaction {
  if (waiter !== 'home') return withLeg(txn, waiter, { undecided });
  return txn.phase.kind === 'deciding' ? { ...txn, phase: { ...txn.phase, undecided } } : txn;
}

/** Null where the home bound the key to another transaction: the leg's own leader rolls that back; it brings no money. */
function settlement(leg: UndecidedLeg, recorded: OutcomeRow): CommitLeg | RollbackLeg | null {
  if (recorded.txn !== leg.txn) return null;
  if (recorded.decision.kind === 'committed') return { kind: 'commit', txn: leg.txn, account: leg.account, commitUs: recorded.decision.commitUs };
  const spec = recorded.body.legs.find((candidate) => candidate.account === leg.account);
  if (spec === undefined) return null;
  return { kind: 'rollback', txn: leg.txn, key: leg.key, homeSlot: leg.homeSlot, account: leg.account, spec, reason: recorded.decision.reason };
}
