/**
 * A Resource Manager refused the caller's token. That is an error of the call and records nothing; but where a leg
 * may be prepared already, somebody has to end it: the home is asked to RESOLVE, which needs no token.
 */
import type { Refusal } from '@mas/ledger';
import { startDecision } from './instructing';
import type { TransactionAnswer, TransactionEffect } from './transaction-effect';
import { withStep, type Advance, type GlobalTransaction } from './transaction-state';

export type Rejection = Extract<TransactionAnswer, { kind: 'rejected' }>;

/** Said of the body and the token alone: a caller's error, not an outcome of the payment. */
export function notAuthorized(refusal: Refusal): Rejection {
  return {
    kind: 'rejected',
    error: 'permission-denied',
    reason: refusal.account === null ? 'the home does not take this id' : `it may not take money from account ${refusal.account}`,
  };
}

export function rejected(txn: GlobalTransaction, rejection: Rejection, nowMs: number): Advance {
  const noted = withStep(txn, nowMs, 'rejected', null, rejection.reason);
  const resolving = txn.phase.kind === 'deciding' && txn.phase.intent.kind === 'resolve';
  // A RESOLVE that is refused as well is not asked again: it would be refused for ever, and the legs' leaders ask by themselves.
  if (!resolving && txn.legs.some((leg) => leg.touched)) {
    const { txn: id, key, homeSlot, body } = txn.plan;
    return startDecision(noted, nowMs, {
      kind: 'resolve',
      rejection,
      resolve: { kind: 'resolve', txn: id, key, homeSlot, body, subject: { kind: 'system' }, askedAtMs: null },
    });
  }
  // Who resolves what somebody else began has written no entry of its own.
  const over: TransactionEffect[] = !resolving ? [{ kind: 'journal-forget' }, { kind: 'ended' }] : [{ kind: 'ended' }];
  const effects: TransactionEffect[] = txn.answered ? over : [{ kind: 'answer', answer: rejection }, ...over];
  return { txn: { ...noted, phase: { kind: 'ended', verdict: null }, answered: true }, effects };
}
