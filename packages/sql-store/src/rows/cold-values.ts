/**
 * Cold parts of rows, which nobody selects by: subject, body, reason. Lists in a fixed order as JSON, opened by a version
 * number: half the size of objects, one byte form per value, and still readable in a database client. What the columns
 * say already is left out: a payment's body lies in every row of every replica. A change of the form takes a new version
 * number; old ones stay readable for good, as outcomes do.
 */
import {
  COORDINATOR_REASON_NAMES,
  REFUSAL_NAMES,
  type AbortReason,
  type LegEffect,
  type LegSpec,
  type PaymentBody,
  type PaymentKind,
  type PaymentReference,
  type Subject,
} from '@mas/ledger';
import { invariant, paymentKey, present, txnId, unreachable, type Currency } from '@mas/values';
import { orNull } from '../sql-dialect';
import { asAccountNumber, asArray, asCurrency, asInt, asIntOrNull, asOneOf, asText } from './raw-values';

const VERSION = 1;
const REASON_NAMES = [...REFUSAL_NAMES, ...COORDINATOR_REASON_NAMES];
const PAYMENT_KINDS: readonly PaymentKind[] = ['payment', 'authorization', 'capture', 'void', 'refund'];
export const LEG_EFFECTS: readonly LegEffect[] = ['debit', 'credit', 'authorize', 'capture', 'void', 'refund-debit'];

/** Printable ASCII without quote and backslash means itself in JSON. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** `parts` behind the version. */
export function encodeCold(parts: readonly unknown[]): string {
  return JSON.stringify([VERSION, ...parts]);
}

/** The same from parts that are JSON already: half of what a checkpoint costs us would be JSON.stringify. */
export function joinCold(parts: readonly string[]): string {
  return `[${VERSION},${parts.join(',')}]`;
}

/** @throws InvariantViolation for another version or no JSON list. */
export function decodeCold(text: unknown, what: string): readonly unknown[] {
  const [version, ...parts] = asArray(JSON.parse(asText(text, what)), what);
  invariant(version === VERSION, `${what} has a known version`, { version });
  return parts;
}

export function coldText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** A name that is the scope of the payment's key, as for nearly all, is left out. */
export function coldSubject(subject: Subject, scope: string): string {
  switch (subject.kind) {
    case 'account':
      return subject.account === scope ? '["account"]' : `["account",${coldText(subject.account)}]`;
    case 'operator':
      return subject.name === scope ? '["operator"]' : `["operator",${coldText(subject.name)}]`;
    case 'system':
      return '["system"]';
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
export function coldBody(body: PaymentBody, own: LegSpec | null): string {
  const legs: string[] = [];
  let known = own?.currency ?? null;
  for (const leg of body.legs) {
    legs.push(own !== null && sameLeg(leg, own) ? OWN_LEG : coldLeg(leg, known));
    known = leg.currency;
  }
  return `["${body.kind}",[${legs.join(',')}],${orNull(body.reference, coldReference)},${String(body.expiresAtMs)},${coldText(body.memo)}]`;
}

export function warmBody(value: unknown, own: LegSpec | null): PaymentBody {
  const [kind, legs, reference, expiresAtMs, memo] = asArray(value, 'body');
  let known = own?.currency ?? null;
  return {
    kind: asOneOf(PAYMENT_KINDS, kind, 'payment kind'),
    legs: asArray(legs, 'legs').map((leg) => {
      const warm = leg === 0 ? present(own, "the row's own leg") : warmLeg(leg, known);
      known = warm.currency;
      return warm;
    }),
    reference: reference === null ? null : warmReference(reference),
    expiresAtMs: asIntOrNull(expiresAtMs, 'expiry'),
    memo: asText(memo, 'memo'),
  };
}

const OWN_LEG = '0';

function sameLeg(a: LegSpec, b: LegSpec): boolean {
  return a === b || (a.account === b.account && a.effect === b.effect && a.amountMinor === b.amountMinor && a.currency === b.currency);
}

function coldLeg(leg: LegSpec, known: Currency | null): string {
  const parts = `[${coldText(leg.account)},"${leg.effect}","${leg.amountMinor.toString()}"`;
  return leg.currency === known ? `${parts}]` : `${parts},${coldText(leg.currency)}]`;
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

function coldReference(reference: PaymentReference): string {
  return `[${coldText(reference.key)},"${reference.txn}"]`;
}

function warmReference(value: unknown): PaymentReference {
  const [key, txn] = asArray(value, 'reference');
  const text = asText(key, 'reference key');
  const at = text.indexOf('\0');
  return { key: paymentKey(text.slice(0, at), text.slice(at + 1)), txn: txnId(asText(txn, 'reference txn')) };
}

export function coldReason(reason: AbortReason): string {
  const facts = Object.entries(reason.facts).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([reason.name, reason.account, facts]);
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
export function coldBalance(entry: { readonly account: string; readonly balanceMinor: bigint; readonly rev: number }): string {
  return `[${coldText(entry.account)},"${entry.balanceMinor.toString()}",${entry.rev}]`;
}

export function warmBalance(value: unknown): { readonly account: ReturnType<typeof asAccountNumber>; readonly balanceMinor: bigint; readonly rev: number } {
  const [account, balance, rev] = asArray(value, 'balance');
  return { account: asAccountNumber(account), balanceMinor: BigInt(asText(balance, 'balance')), rev: asInt(rev, 'rev') };
}
