/**
 * Cold parts of rows, which nobody selects by: subject, body, reason. Lists in a fixed order as JSON, opened by a version
 * number: half the size of objects, one byte form per value, and still readable in a database client. A change of the
 * form takes a new version number; old ones stay readable for good, as outcomes do.
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
import { invariant, paymentKey, txnId, unreachable } from '@mas/values';
import { asAccountNumber, asArray, asCurrency, asInt, asIntOrNull, asOneOf, asText } from './raw-values';

const VERSION = 1;
const REASON_NAMES = [...REFUSAL_NAMES, ...COORDINATOR_REASON_NAMES];
const PAYMENT_KINDS: readonly PaymentKind[] = ['payment', 'authorization', 'capture', 'void', 'refund'];
export const LEG_EFFECTS: readonly LegEffect[] = ['debit', 'credit', 'authorize', 'capture', 'void', 'refund-debit'];

/** `parts` behind the version. */
export function encodeCold(parts: readonly unknown[]): string {
  return JSON.stringify([VERSION, ...parts]);
}

/** @throws InvariantViolation for another version or no JSON list. */
export function decodeCold(text: unknown, what: string): readonly unknown[] {
  const [version, ...parts] = asArray(JSON.parse(asText(text, what)), what);
  invariant(version === VERSION, `${what} has a known version`, { version });
  return parts;
}

export function coldSubject(subject: Subject): readonly string[] {
  switch (subject.kind) {
    case 'account':
      return ['account', subject.account];
    case 'operator':
      return ['operator', subject.name];
    case 'system':
      return ['system'];
    default:
      return unreachable(subject, 'subject');
  }
}

export function warmSubject(value: unknown): Subject {
  const [kind, name] = asArray(value, 'subject');
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

export function coldBody(body: PaymentBody): readonly unknown[] {
  const reference = body.reference === null ? null : [body.reference.key, body.reference.txn];
  return [body.kind, body.legs.map(coldLeg), reference, body.expiresAtMs, body.memo];
}

export function warmBody(value: unknown): PaymentBody {
  const [kind, legs, reference, expiresAtMs, memo] = asArray(value, 'body');
  return {
    kind: asOneOf(PAYMENT_KINDS, kind, 'payment kind'),
    legs: asArray(legs, 'legs').map(warmLeg),
    reference: reference === null ? null : warmReference(reference),
    expiresAtMs: asIntOrNull(expiresAtMs, 'expiry'),
    memo: asText(memo, 'memo'),
  };
}

function coldLeg(leg: LegSpec): readonly string[] {
  return [leg.account, leg.effect, leg.amountMinor.toString(), leg.currency];
}

function warmLeg(value: unknown): LegSpec {
  const [account, effect, amount, code] = asArray(value, 'leg');
  return {
    account: asAccountNumber(account),
    effect: asOneOf(LEG_EFFECTS, effect, 'leg effect'),
    amountMinor: BigInt(asText(amount, 'amount')),
    currency: asCurrency(code),
  };
}

function warmReference(value: unknown): PaymentReference {
  const [key, txn] = asArray(value, 'reference');
  const text = asText(key, 'reference key');
  const at = text.indexOf('\0');
  return { key: paymentKey(text.slice(0, at), text.slice(at + 1)), txn: txnId(asText(txn, 'reference txn')) };
}

export function coldReason(reason: AbortReason | null): readonly unknown[] | null {
  if (reason === null) return null;
  const facts = Object.entries(reason.facts).sort(([left], [right]) => (left < right ? -1 : 1));
  return [reason.name, reason.account, facts];
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
export function coldBalance(entry: { readonly account: string; readonly balanceMinor: bigint; readonly rev: number }): readonly unknown[] {
  return [entry.account, entry.balanceMinor.toString(), entry.rev];
}

export function warmBalance(value: unknown): { readonly account: ReturnType<typeof asAccountNumber>; readonly balanceMinor: bigint; readonly rev: number } {
  const [account, balance, rev] = asArray(value, 'balance');
  return { account: asAccountNumber(account), balanceMinor: BigInt(asText(balance, 'balance')), rev: asInt(rev, 'rev') };
}
