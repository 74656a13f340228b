/**
 * What requests under one id have in common and differ in: bodies of payments field by field, and the bodies that stand for requests
 * that are no payments.
 */
import { paymentKey, splitPaymentKey, type AccountNumber, type AmountMinor, type Currency, type PaymentKey, type TxnId } from '@mas/values';
import type { ChangeAccount } from './instruction';
import { PaymentBody, type BodyContent, type LegSpec, type PaymentReference } from './payment-body';

/** The first field in which two bodies differ, as a path of the request (`legs[1].amount`); null when they are equal. */
export function differingField(a: BodyContent, b: BodyContent): string | null {
  if (a.kind !== b.kind) return 'kind';
  const legs = differingLeg(a.legs, b.legs);
  if (legs !== null) return legs;
  const reference = differingReference(a.reference, b.reference);
  if (reference !== null) return reference;
  if (a.expiresAtMs !== b.expiresAtMs) return 'expires_at';
  return a.memo === b.memo ? null : 'memo';
}

/**
 * An account's creation and its changes have a key and a txn as well. They are told apart by this body without legs: it is
 * hashed for the txn, and the id is bound to it. It is text, because a record's body is.
 */
export function creationBody(request: {
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly openingBalanceMinor: AmountMinor;
  readonly minimumMinor: AmountMinor | null;
  readonly owner: string;
}): PaymentBody {
  const { number, currency, openingBalanceMinor, minimumMinor, owner } = request;
  return withoutLegs(JSON.stringify([CREATION, number, currency, openingBalanceMinor.toString(), minimumMinor?.toString() ?? null, owner]));
}

export function changeBody(number: AccountNumber, change: ChangeAccount['change']): PaymentBody {
  return withoutLegs(JSON.stringify([change.kind, number, change.kind === 'set-minimum' ? change.minimumMinor.toString() : null]));
}

/**
 * Where the change of an account that `key` and `txn` ask for is recorded: in the account's own slot, so under an id that names
 * the account, and one that no caller can choose, because it holds a space. The id itself is bound at its own home.
 */
export function changeRecordKey(key: PaymentKey, txn: TxnId, number: AccountNumber): PaymentKey {
  return paymentKey(splitPaymentKey(key).scope, `{${number}} ${txn.slice(0, RECORD_DIGITS)}`);
}

/** Hexadecimal digits of the txn in that id: it stays shorter than the longest id, and 192 bits do not collide. */
const RECORD_DIGITS = 48;

const CREATION = 'create-account';
const CREATION_FIELDS = ['number', 'currency', 'opening_balance', 'minimum_balance', 'owner'] as const;

/** The first request field in which two requests under one id differ; `kind` where they ask for different things; null when they are equal. */
export function differingRequestField(a: BodyContent, b: BodyContent): string | null {
  const [before, after] = [accountRequest(a), accountRequest(b)];
  if (before === null && after === null) return differingField(a, b);
  if (before === null || after === null || (before.what === CREATION) !== (after.what === CREATION)) return 'kind';
  if (before.what === CREATION) return CREATION_FIELDS.find((_, i) => before.fields[i] !== after.fields[i]) ?? null;
  const [number, minimum] = before.fields;
  if (number !== after.fields[0]) return 'number';
  if (before.what !== after.what) return 'change';
  return minimum === after.fields[1] ? null : 'minimum_balance';
}

/** What a request asks for, for people: `a payment`, `the creation of account abc`, `freeze of account abc`. */
export function requestNamed(body: BodyContent): string {
  const read = accountRequest(body);
  if (read === null) return `a${body.kind === 'authorization' ? 'n' : ''} ${body.kind}`;
  return `${read.what === CREATION ? 'the creation' : read.what} of account ${String(read.fields[0])}`;
}

function accountRequest({ legs, memo }: BodyContent): { readonly what: string; readonly fields: readonly unknown[] } | null {
  if (legs.length > 0) return null;
  try {
    const [what, ...fields] = JSON.parse(memo) as readonly unknown[];
    return { what: String(what), fields };
  } catch {
    // Written by another build: still somebody's request.
    return { what: memo, fields: [] };
  }
}

function withoutLegs(memo: string): PaymentBody {
  return PaymentBody.of({ kind: 'payment', legs: [], reference: null, expiresAtMs: null, memo });
}

function differingLeg(a: readonly LegSpec[], b: readonly LegSpec[]): string | null {
  for (const [i, leg] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 'legs';
    if (leg.account !== other.account) return `legs[${i}].account`;
    if (leg.effect !== other.effect) return `legs[${i}].effect`;
    if (leg.amountMinor !== other.amountMinor) return `legs[${i}].amount`;
    if (leg.currency !== other.currency) return `legs[${i}].currency`;
  }
  return a.length === b.length ? null : 'legs';
}

function differingReference(a: PaymentReference | null, b: PaymentReference | null): string | null {
  return a?.key === b?.key && a?.txn === b?.txn ? null : 'reference';
}
