/**
 * Cold parts of rows, which nobody selects by: subject, body, reason. Lists in a fixed order as JSON, opened by a version
 * number: half the size of objects, one byte form per value, and still readable in a database client. What the columns
 * say already is left out: a payment's body lies in every row of every replica. A change of the form takes a new version
 * number; old ones stay readable for good, as outcomes do.
 */
import {
  COORDINATOR_REASON_NAMES,
  PaymentBody,
  REFUSAL_NAMES,
  type AbortReason,
  type LegEffect,
  type LegSpec,
  type PaymentKind,
  type PaymentReference,
  type Subject,
} from '@mas/ledger';
import { invariant, paymentKey, present, txnId, unreachable, type Currency } from '@mas/values';
import { asAccountNumber, asArray, asCurrency, asInt, asIntOrNull, asOneOf, asText } from './raw-values';
import type { RowWriter } from './row-writer';

const VERSION = 1;
const OPENING = `[${VERSION},`;
const REASON_NAMES = [...REFUSAL_NAMES, ...COORDINATOR_REASON_NAMES];
const PAYMENT_KINDS: readonly PaymentKind[] = ['payment', 'authorization', 'capture', 'void', 'refund'];
export const LEG_EFFECTS: readonly LegEffect[] = ['debit', 'credit', 'authorize', 'capture', 'void', 'refund-debit'];

/** `parts` behind the version. */
export function encodeCold(parts: readonly unknown[]): string {
  return JSON.stringify([VERSION, ...parts]);
}

/** The same, part by part behind this: half of what a checkpoint costs us would be JSON.stringify. */
export function openCold(to: RowWriter): void {
  to.part(OPENING);
}

/** @throws InvariantViolation for another version or no JSON list. */
export function decodeCold(text: unknown, what: string): readonly unknown[] {
  const [version, ...parts] = asArray(JSON.parse(asText(text, what)), what);
  invariant(version === VERSION, `${what} has a known version`, { version });
  return parts;
}

export function orNull<Value>(value: Value | null, write: (value: Value, to: RowWriter) => void, to: RowWriter): void {
  if (value === null) to.part('null');
  else write(value, to);
}

export function coldInteger(value: number | null, to: RowWriter): void {
  if (value === null) to.part('null');
  else to.digits(value);
}

/** A name that is the scope of the payment's key, as for nearly all, is left out. */
export function coldSubject(subject: Subject, scope: string, to: RowWriter): void {
  switch (subject.kind) {
    case 'account':
      if (subject.account === scope) return to.part('["account"]');
      to.part('["account",');
      to.jsonText(subject.account);
      return to.part(']');
    case 'operator':
      if (subject.name === scope) return to.part('["operator"]');
      to.part('["operator",');
      to.jsonText(subject.name);
      return to.part(']');
    case 'system':
      return to.part('["system"]');
    default:
      return unreachable(subject, 'subject');
  }
}

export function warmSubject(value: unknown, scope: string): Subject {
  const [kind, name = scope] = asArray(value, 'subject');
  const known = asOneOf(['account', 'operator', 'system'], kind, 'subject kind');
  switch (known) {
    case 'account':
      return { kind: known, account: asAccountNumber(name) };
    case 'operator':
      return { kind: known, name: asText(name, 'operator') };
    case 'system':
      return { kind: known };
    default:
      return unreachable(known, 'subject kind');
  }
}

/** @param own what the row's columns say of one of the legs: that one is written as 0, and its currency is everybody's unless they differ. */
export function coldBody(body: PaymentBody, own: LegSpec | null, to: RowWriter): void {
  to.part('["');
  to.part(body.kind);
  to.part('",[');
  let known = own?.currency ?? null;
  let separator = '';
  for (const leg of body.legs) {
    to.part(separator);
    separator = ',';
    if (own !== null && sameLeg(leg, own)) to.part(OWN_LEG);
    else coldLeg(leg, known, to);
    known = leg.currency;
  }
  to.part('],');
  orNull(body.reference, coldReference, to);
  to.part(',');
  coldInteger(body.expiresAtMs, to);
  to.part(',');
  to.jsonText(body.memo);
  to.part(']');
}

export function warmBody(value: unknown, own: LegSpec | null): PaymentBody {
  const [kind, legs, reference, expiresAtMs, memo] = asArray(value, 'body');
  let known = own?.currency ?? null;
  return PaymentBody.of({
    kind: asOneOf(PAYMENT_KINDS, kind, 'payment kind'),
    legs: asArray(legs, 'legs').map((leg) => {
      const warm = leg === 0 ? present(own, "the row's own leg") : warmLeg(leg, known);
      known = warm.currency;
      return warm;
    }),
    reference: reference === null ? null : warmReference(reference),
    expiresAtMs: asIntOrNull(expiresAtMs, 'expiry'),
    memo: asText(memo, 'memo'),
  });
}

const OWN_LEG = '0';

function sameLeg(a: LegSpec, b: LegSpec): boolean {
  return a === b || (a.account === b.account && a.effect === b.effect && a.amountMinor === b.amountMinor && a.currency === b.currency);
}

function coldLeg(leg: LegSpec, known: Currency | null, to: RowWriter): void {
  to.part('[');
  to.jsonText(leg.account);
  to.part(',"');
  to.part(leg.effect);
  to.part('","');
  to.bigDigits(leg.amountMinor);
  to.part('"');
  if (leg.currency !== known) {
    to.part(',');
    to.jsonText(leg.currency);
  }
  to.part(']');
}

function warmLeg(value: unknown, known: Currency | null): LegSpec {
  const [account, effect, amount, code = known] = asArray(value, 'leg');
  return {
    account: asAccountNumber(account),
    effect: asOneOf(LEG_EFFECTS, effect, 'leg effect'),
    amountMinor: BigInt(asText(amount, 'amount')),
    currency: asCurrency(code),
  };
}

function coldReference(reference: PaymentReference, to: RowWriter): void {
  to.part('[');
  to.jsonText(reference.key);
  to.part(`,"${reference.txn}"]`);
}

function warmReference(value: unknown): PaymentReference {
  const [key, txn] = asArray(value, 'reference');
  const text = asText(key, 'reference key');
  const at = text.indexOf('\0');
  return { key: paymentKey(text.slice(0, at), text.slice(at + 1)), txn: txnId(asText(txn, 'reference txn')) };
}

export function coldReason(reason: AbortReason, to: RowWriter): void {
  const facts = Object.entries(reason.facts).sort(([left], [right]) => (left < right ? -1 : 1));
  to.part(JSON.stringify([reason.name, reason.account, facts]));
}

export function warmReason(value: unknown): AbortReason | null {
  if (value === null) return null;
  const [name, account, facts] = asArray(value, 'reason');
  const entries = asArray(facts, 'facts').map((fact) => {
    const [factName, factValue] = asArray(fact, 'fact');
    return [asText(factName, 'fact name'), asText(factValue, 'fact')] as const;
  });
  return {
    name: asOneOf(REASON_NAMES, name, 'reason name'),
    account: account === null ? null : asAccountNumber(account),
    facts: Object.fromEntries(entries),
  };
}

/** Balances in lists: `[account, balance, rev]`. */
export function coldBalance(entry: { readonly account: string; readonly balanceMinor: bigint; readonly rev: number }, to: RowWriter): void {
  to.part('[');
  to.jsonText(entry.account);
  to.part(',"');
  to.bigDigits(entry.balanceMinor);
  to.part('",');
  to.digits(entry.rev);
  to.part(']');
}

export function warmBalance(value: unknown): { readonly account: ReturnType<typeof asAccountNumber>; readonly balanceMinor: bigint; readonly rev: number } {
  const [account, balance, rev] = asArray(value, 'balance');
  return { account: asAccountNumber(account), balanceMinor: BigInt(asText(balance, 'balance')), rev: asInt(rev, 'rev') };
}
