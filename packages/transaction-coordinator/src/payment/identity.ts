/** Who asks, and the identity that follows from it: the scope of ids, and where decisions about them live. */
import type { Subject } from '@mas/ledger';
import { homeSlotOf } from '@mas/placement';
import { parsePaymentId, paymentKey, type AccountNumber, type PaymentKey, type Slot } from '@mas/values';
import type { Reply } from '../coordinator-service';
import { failure, success } from '../reply';

export interface Identity {
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
}

/** Scope: the account's number for its own token, `issuer|subject` for an operator. */
export function identityOf(subject: Subject, id: string, field = 'id'): Reply<Identity> {
  if (!parsePaymentId(id).ok)
    return failure(
      'invalid',
      'PAYMENT_ID_INVALID',
      'An id has 1 to 128 visible ASCII characters without spaces; mint one per request and keep it for retries.',
      field,
    );
  switch (subject.kind) {
    case 'account':
      return success({ key: paymentKey(subject.account, id), homeSlot: homeSlotOf(paymentKey(subject.account, id), subject.account) });
    case 'operator':
      return success({ key: paymentKey(subject.name, id), homeSlot: homeSlotOf(paymentKey(subject.name, id), null) });
    case 'system':
      return failure('permission-denied', 'NOT_AUTHORIZED', 'Only accounts and operators have requests of their own.');
  }
}

/** An account's token reads that account only. */
export function mayRead(subject: Subject, account: AccountNumber): boolean {
  return subject.kind === 'operator' || (subject.kind === 'account' && subject.account === account);
}

export function operatorsOnly(subject: Subject, what: string): { readonly ok: false; readonly error: ReturnType<typeof failure>['error'] } | null {
  return subject.kind === 'operator' ? null : failure('permission-denied', 'NOT_AUTHORIZED', `${what} needs an operator's token.`);
}
