/** A planned payment, in short: its times, its request as a client sends it, and its body as the home records it. */
import { PaymentBody, type LegEffect, type PaymentKind, type PaymentReference } from '@mas/ledger';
import type { PaymentRequest } from '@mas/transaction-coordinator';
import { accountNumber, currency, paymentKey, type PaymentKey } from '@mas/values';

export const USD = currency('USD');
export const SCOPE = 'mas|ops';
/** Of a payment's start: when its money is held, its decision is made, its legs end, its answer is there. */
export const PREPARED_MS = 5;
export const DECIDED_MS = 10;
export const ENDED_MS = 11;
export const ANSWERED_MS = 20;

export interface Plan {
  readonly id: string;
  readonly kind?: PaymentKind;
  /** The first one's account is the home. */
  readonly legs: readonly (readonly [account: string, effect: LegEffect, amountMinor: bigint])[];
  /** The id that it builds on. */
  readonly reference?: string;
  readonly startMs: number;
  readonly isAnswered?: boolean;
  /** Of an aborted one: the accounts on which its money had been held. */
  readonly preparedOn?: readonly string[];
}

export function keyOf(id: string): PaymentKey {
  return paymentKey(SCOPE, id);
}

/** What a request does not say, the cluster takes from its reference. */
export function askedFor({ id, kind, legs, reference }: Plan): PaymentRequest {
  const said = legs.filter(([, effect]) => effect === 'debit' || effect === 'authorize' || (effect === 'credit' && kind !== 'refund'));
  return {
    id,
    kind: kind ?? 'payment',
    legs: said.map(([account, effect, amountMinor]) => ({
      account: accountNumber(account),
      direction: effect === 'credit' ? 'credit' : 'debit',
      amountMinor,
      currency: USD,
    })),
    reference: reference === undefined ? null : { kind: 'id', id: reference },
    amountMinor: kind === 'refund' ? (legs[0]?.[2] ?? null) : null,
    expiresInSeconds: kind === 'authorization' ? 600 : null,
    memo: '',
    lockHandle: null,
  };
}

export function bodyOf({ kind, legs }: Plan, reference: PaymentReference | null): PaymentBody {
  const specs = legs.map(([account, effect, amountMinor]) => ({ account: accountNumber(account), effect, amountMinor, currency: USD }));
  return PaymentBody.of({
    kind: kind ?? 'payment',
    legs: specs.sort((a, b) => (a.account < b.account ? -1 : 1)),
    reference,
    expiresAtMs: kind === 'authorization' ? 1_000_000 : null,
    memo: '',
  });
}
