/**
 * Bodies as JSON lists within `detail`, as rows had them before the body had a column (migration 5). Read only: such a row gets the
 * column when it is written next. The row's own leg is 0 there, and a currency is left out that is the one before.
 */
import { PaymentBody, type LegSpec, type PaymentKind, type PaymentReference } from '@mas/ledger';
import { paymentKey, present, txnId, type Currency } from '@mas/values';
import { LEG_EFFECTS } from './cold-values';
import { asAccountNumber, asArray, asCurrency, asIntOrNull, asOneOf, asText } from './raw-values';

const PAYMENT_KINDS: readonly PaymentKind[] = ['payment', 'authorization', 'capture', 'void', 'refund'];

/** @param own what the row's columns say of its leg; null for an outcome. */
export function oldBody(value: unknown, own: LegSpec | null): PaymentBody {
  const [kind, legs, reference, expiresAtMs, memo] = asArray(value, 'body');
  let known = own?.currency ?? null;
  return PaymentBody.of({
    kind: asOneOf(PAYMENT_KINDS, kind, 'payment kind'),
    legs: asArray(legs, 'legs').map((leg) => {
      const spec = leg === 0 ? present(own, "the row's own leg") : oldLeg(leg, known);
      known = spec.currency;
      return spec;
    }),
    reference: reference === null ? null : oldReference(reference),
    expiresAtMs: asIntOrNull(expiresAtMs, 'expiry'),
    memo: asText(memo, 'memo'),
  });
}

function oldLeg(value: unknown, known: Currency | null): LegSpec {
  const [account, effect, amount, code = known] = asArray(value, 'leg');
  return {
    account: asAccountNumber(account),
    effect: asOneOf(LEG_EFFECTS, effect, 'leg effect'),
    amountMinor: BigInt(asText(amount, 'amount')),
    currency: asCurrency(code),
  };
}

function oldReference(value: unknown): PaymentReference {
  const [key, txn] = asArray(value, 'reference');
  const text = asText(key, 'reference key');
  const at = text.indexOf('\0');
  return { key: paymentKey(text.slice(0, at), text.slice(at + 1)), txn: txnId(asText(txn, 'reference txn')) };
}
