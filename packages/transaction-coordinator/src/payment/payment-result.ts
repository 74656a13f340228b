/** What a caller hears: home's record in his words. */
import { differingField, differingRequestField, requestNamed, type OutcomeRow, type PaymentBody } from '@mas/ledger';
import type { RecordedPayment, TransactionAnswer } from '@mas/two-phase-commit';
import { splitPaymentKey, type TxnId } from '@mas/values';
import type { PaymentResult, Reply } from '../coordinator-service';
import { failure, success, withoutQuorum, withoutStore } from '../reply';
import { requestField, type Draft } from './payment-draft';

/**
 * An authorization's expiry is reckoned from the moment it is asked for, so its repetition has another body. Both
 * are the same request if all else is equal and the recorded expiry, reckoned back by the duration asked for, falls
 * within this time of the record. Above the largest deadline that a server admits.
 */
const SAME_EXPIRY_WITHIN_MS = 120_000;

/** This attempt is in no log. An earlier one may be; and what is open is ended by RESOLVE as soon as the home answers again (ADR 6). */
const PERHAPS_ABANDONED = 'the payment may still commit or be abandoned: ask with the same id';

export function resultOf(row: RecordedPayment): PaymentResult {
  const { txn, body, decision } = row;
  if (decision.kind === 'committed')
    return { kind: 'committed', txn, atMs: decision.atMs, body, balances: row.balances.map(({ account, balanceMinor }) => ({ account, balanceMinor })) };
  return { kind: 'aborted', txn, atMs: decision.atMs, body, reason: decision.reason };
}

export function replyOf(answer: TransactionAnswer, txn: TxnId, draft: Draft): Reply<PaymentResult> {
  switch (answer.kind) {
    case 'recorded':
      return success(resultOf(answer.outcome));
    case 'conflict':
      return conflict(answer.bound, draft);
    case 'unknown':
      return success({ kind: 'unknown', txn, message: answer.message });
    case 'no-quorum':
      return withoutQuorum(answer.noQuorum, `${PERHAPS_ABANDONED} once more of them are up`);
    case 'no-store':
      return withoutStore(answer.noStore, `${PERHAPS_ABANDONED} once it is back`);
    case 'rejected':
      return failure(answer.error, answer.error === 'unauthenticated' ? 'TOKEN_REFUSED' : 'NOT_AUTHORIZED', `The token was refused: ${answer.reason}.`);
  }
}

export function conflict(bound: OutcomeRow, draft: Draft): Reply<never> {
  return idConflict(bound, draft.body, (field) => requestField(draft, field));
}

/** An id belongs to one request of any kind: names what it belongs to, and the first field that differs. */
export function idConflict(bound: OutcomeRow, body: PaymentBody, fieldOf: (field: string) => string = (field) => field): Reply<never> {
  const field = fieldOf(differingRequestField(bound.body, body) ?? 'id');
  const { id } = splitPaymentKey(bound.key);
  return failure(
    'already-exists',
    'ID_CONFLICT',
    `Id ${id} belongs to another request (${requestNamed(bound.body)}), which differs in ${field}; use a new id for a new request.`,
    field,
    { id, txn: bound.txn },
  );
}

/**
 * A conflict with a record of the same request is that record: its txn is another where the payment was begun before an upgrade and is asked
 * for again after it (ADR 14). What this attempt has prepared under its own txn is rolled back as in any conflict.
 */
export function asRepetition(answer: TransactionAnswer, draft: Draft): TransactionAnswer {
  return answer.kind === 'conflict' && isRepeated(answer.bound, draft) ? { kind: 'recorded', outcome: answer.bound, fresh: false } : answer;
}

/** By its body, never by its txn. */
export function isRepeated(bound: OutcomeRow, draft: Draft): boolean {
  return bound.body.equals(draft.body) || sameButForExpiry(bound, draft);
}

function sameButForExpiry(bound: OutcomeRow, draft: Draft): boolean {
  if (draft.expiresInMs === null || differingField(bound.body, draft.body) !== 'expires_at') return false;
  const { expiresAtMs } = bound.body;
  if (expiresAtMs === null || differingField({ ...bound.body, expiresAtMs: draft.body.expiresAtMs }, draft.body) !== null) return false;
  const askedAtMs = expiresAtMs - draft.expiresInMs;
  return Math.abs(bound.decision.atMs - askedAtMs) <= SAME_EXPIRY_WITHIN_MS;
}
