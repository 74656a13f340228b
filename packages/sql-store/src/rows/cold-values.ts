/**
 * Cold parts of rows, which nobody selects by: subject, reason and the like. Lists in a fixed order as JSON, opened by a version
 * number: half the size of objects, one byte form per value, and still readable in a database client. What the columns
 * say already is left out. A change of the form takes a new version number; old ones stay readable for good, as outcomes do.
 */
import { COORDINATOR_REASON_NAMES, REFUSAL_NAMES, type AbortReason, type LegEffect, type Subject } from '@mas/ledger';
import { invariant, unreachable } from '@mas/values';
import { asAccountNumber, asArray, asInt, asOneOf, asText } from './raw-values';
import type { RowWriter } from './row-writer';

const VERSION = 1;
/** Of the details of legs and outcomes: behind it the body is a column of its own. */
const BODY_IN_COLUMN = 2;
const OPENING = `[${BODY_IN_COLUMN},`;
const REASON_NAMES = [...REFUSAL_NAMES, ...COORDINATOR_REASON_NAMES];
export const LEG_EFFECTS: readonly LegEffect[] = ['debit', 'credit', 'authorize', 'capture', 'void', 'refund-debit'];

/** `parts` behind the version. */
export function encodeCold(parts: readonly unknown[]): string {
  return JSON.stringify([VERSION, ...parts]);
}

/** For legs and outcomes: the same, part by part behind this: half of what a checkpoint costs us would be JSON.stringify. */
export function openCold(to: RowWriter): void {
  to.part(OPENING);
}

/** @throws InvariantViolation for another version or no JSON list. */
export function decodeCold(text: unknown, what: string): readonly unknown[] {
  const [version, ...parts] = asArray(JSON.parse(asText(text, what)), what);
  invariant(version === VERSION, `${what} has a known version`, { version });
  return parts;
}

/**
 * The same of a leg or an outcome.
 * @param bodyAt where a version that had the body among these parts had it.
 * @returns the parts without it; `body` undefined: it is in its column.
 */
export function decodeDetail(text: unknown, bodyAt: number, what: string): { readonly parts: readonly unknown[]; readonly body: unknown } {
  const [version, ...parts] = asArray(JSON.parse(asText(text, what)), what);
  if (version === BODY_IN_COLUMN) return { parts, body: undefined };
  invariant(version === VERSION, `${what} has a known version`, { version });
  const [body] = parts.splice(bodyAt, 1);
  return { parts, body: body ?? null };
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
