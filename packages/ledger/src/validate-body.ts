/**
 * What can be wrong in a payment's body alone, without any row: a caller's error, named with its field, found before
 * any lock or row. Coordinators refuse with it; leaders ask again before they propose; apply treats a body that
 * fails as a broken invariant. A policy's largest amount can differ between a coordinator's copy and a bucket's, so
 * the bucket alone looks at it (checks.ts).
 */
import { formatAmount, MAX_AMOUNT_MINOR, type AmountMinor, type Currency } from '@mas/values';
import { directionOf } from './leg-effect';
import { MAX_LEGS, MAX_MEMO_LENGTH, type BodyContent, type LegEffect, type LegSpec, type PaymentKind } from './body-content';

/** Public names, never renamed. */
export const BODY_PROBLEM_NAMES = [
  'TOO_FEW_LEGS',
  'TOO_MANY_LEGS',
  'ACCOUNT_REPEATED',
  'LEGS_NOT_SORTED',
  'EFFECT_NOT_ALLOWED',
  'AMOUNT_NOT_POSITIVE',
  'AMOUNT_NOT_ZERO',
  'AMOUNT_TOO_LARGE',
  'LEGS_NOT_BALANCED',
  'REFERENCE_MISSING',
  'REFERENCE_NOT_ALLOWED',
  'EXPIRY_MISSING',
  'EXPIRY_NOT_ALLOWED',
  'EXPIRY_INVALID',
  'MEMO_TOO_LONG',
  'MEMO_NOT_TEXT',
] as const;

export type BodyProblemName = (typeof BODY_PROBLEM_NAMES)[number];

export interface BodyProblem {
  readonly name: BodyProblemName;
  /** Path in the request: `legs[0].amount`, `legs`, `reference`, `expires_at`, `memo`. */
  readonly field: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** How a kind's legs are made up. `taking` is the effect of the legs that take money. */
interface KindShape {
  readonly taking: LegEffect;
  readonly minTaking: number;
  readonly maxTaking: number;
  /** Whether credit legs answer the taking ones, equal per currency. */
  readonly balanced: boolean;
  readonly reference: boolean;
}

const SHAPES: Readonly<Record<PaymentKind, KindShape>> = {
  payment: { taking: 'debit', minTaking: 1, maxTaking: MAX_LEGS, balanced: true, reference: false },
  authorization: { taking: 'authorize', minTaking: 1, maxTaking: 1, balanced: false, reference: false },
  // One reference, so one authorization, so one account.
  capture: { taking: 'capture', minTaking: 1, maxTaking: 1, balanced: true, reference: true },
  void: { taking: 'void', minTaking: 1, maxTaking: 1, balanced: false, reference: true },
  refund: { taking: 'refund-debit', minTaking: 1, maxTaking: MAX_LEGS, balanced: true, reference: true },
};

// A lone surrogate cannot travel as UTF-8; the `u` flag makes this match lone ones only.
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** Everything that is wrong, in a stated order; empty when nothing is. */
export function validateBody(body: BodyContent): readonly BodyProblem[] {
  const problems: BodyProblem[] = [];
  const shape = SHAPES[body.kind];
  checkLegCount(body, shape, problems);
  checkAccounts(body.legs, problems);
  checkAmounts(body.legs, problems);
  checkEffects(body, shape, problems);
  if (shape.balanced && problems.length === 0) checkBalance(body.legs, problems);
  checkReference(body, shape, problems);
  checkExpiry(body, problems);
  checkMemo(body.memo, problems);
  return problems;
}

function checkLegCount({ kind, legs }: BodyContent, shape: KindShape, problems: BodyProblem[]): void {
  const least = shape.balanced ? 2 : 1;
  const most = shape.balanced ? MAX_LEGS : 1;
  if (legs.length < least)
    problems.push({ name: 'TOO_FEW_LEGS', field: 'legs', message: `A ${kind} has at least ${least} legs; this one has ${legs.length}.` });
  if (legs.length > most) problems.push({ name: 'TOO_MANY_LEGS', field: 'legs', message: `A ${kind} has at most ${most} legs; this one has ${legs.length}.` });
}

function checkAccounts(legs: readonly LegSpec[], problems: BodyProblem[]): void {
  for (let i = 1; i < legs.length; i += 1) {
    const account = legs[i]?.account ?? '';
    const before = legs[i - 1]?.account ?? '';
    const field = `legs[${i}].account`;
    // Numbers are ASCII, so comparing strings compares bytes.
    if (account === before)
      problems.push({
        name: 'ACCOUNT_REPEATED',
        field,
        message: `Account ${account} occurs twice; an account has one leg in a payment, and cannot pay itself.`,
      });
    else if (account < before)
      problems.push({ name: 'LEGS_NOT_SORTED', field, message: `Legs are sorted by account number; ${account} comes after ${before}.` });
  }
}

function checkAmounts(legs: readonly LegSpec[], problems: BodyProblem[]): void {
  for (let i = 0; i < legs.length; i += 1) {
    const leg = legs[i];
    if (leg === undefined) continue;
    const { effect, amountMinor, currency } = leg;
    if (effect === 'void') {
      if (amountMinor !== 0n)
        problems.push({ name: 'AMOUNT_NOT_ZERO', field: `legs[${i}].amount`, message: 'A void frees the whole reservation; its amount is zero.' });
    } else if (amountMinor <= 0n) {
      problems.push({
        name: 'AMOUNT_NOT_POSITIVE',
        field: `legs[${i}].amount`,
        message: `An amount is above zero; this one is ${formatAmount(amountMinor, currency)} ${currency}.`,
      });
    } else if (amountMinor > MAX_AMOUNT_MINOR) {
      problems.push({
        name: 'AMOUNT_TOO_LARGE',
        field: `legs[${i}].amount`,
        message: `An amount is at most ${formatAmount(MAX_AMOUNT_MINOR, currency)} ${currency}; this one is ${formatAmount(amountMinor, currency)}.`,
      });
    }
  }
}

function checkEffects({ kind, legs }: BodyContent, shape: KindShape, problems: BodyProblem[]): void {
  let taking = 0;
  for (let i = 0; i < legs.length; i += 1) {
    const effect = legs[i]?.effect;
    if (effect === shape.taking) taking += 1;
    else if (effect !== 'credit' || !shape.balanced)
      problems.push({ name: 'EFFECT_NOT_ALLOWED', field: `legs[${i}].effect`, message: `A ${kind} has no leg of effect ${String(effect)}.` });
  }
  if (taking > shape.maxTaking)
    problems.push({ name: 'EFFECT_NOT_ALLOWED', field: 'legs', message: `A ${kind} has one ${shape.taking} leg; this one has ${taking}.` });
}

function checkBalance(legs: readonly LegSpec[], problems: BodyProblem[]): void {
  if (isBalancedPair(legs)) return;
  const sums = new Map<Currency, AmountMinor>();
  for (const leg of legs) {
    const before = sums.get(leg.currency) ?? 0n;
    sums.set(leg.currency, directionOf(leg.effect) === 1 ? before + leg.amountMinor : before - leg.amountMinor);
  }
  for (const [currency, sum] of sums) {
    if (sum === 0n) continue;
    const off = formatAmount(sum < 0n ? -sum : sum, currency);
    problems.push({
      name: 'LEGS_NOT_BALANCED',
      field: 'legs',
      message: `Money taken equals money given in each currency; ${off} ${currency} more is ${sum < 0n ? 'taken than given' : 'given than taken'}.`,
    });
  }
}

/** As nearly all are: one gives what the other takes. */
function isBalancedPair([first, second, third]: readonly LegSpec[]): boolean {
  if (first === undefined || second === undefined || third !== undefined) return false;
  return first.currency === second.currency && first.amountMinor === second.amountMinor && directionOf(first.effect) === -directionOf(second.effect);
}

function checkReference({ kind, reference }: BodyContent, shape: KindShape, problems: BodyProblem[]): void {
  if (shape.reference && reference === null)
    problems.push({ name: 'REFERENCE_MISSING', field: 'reference', message: `A ${kind} names the payment that it builds on.` });
  if (!shape.reference && reference !== null)
    problems.push({ name: 'REFERENCE_NOT_ALLOWED', field: 'reference', message: `A ${kind} builds on no other payment.` });
}

function checkExpiry({ kind, expiresAtMs }: BodyContent, problems: BodyProblem[]): void {
  const field = 'expires_at';
  if (kind !== 'authorization') {
    if (expiresAtMs !== null) problems.push({ name: 'EXPIRY_NOT_ALLOWED', field, message: `A ${kind} does not expire.` });
  } else if (expiresAtMs === null) {
    problems.push({ name: 'EXPIRY_MISSING', field, message: 'An authorization says when it expires.' });
  } else if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= 0) {
    problems.push({ name: 'EXPIRY_INVALID', field, message: 'An expiry is a positive whole number of milliseconds since 1970.' });
  }
}

function checkMemo(memo: string, problems: BodyProblem[]): void {
  if (memo.length > MAX_MEMO_LENGTH)
    problems.push({ name: 'MEMO_TOO_LONG', field: 'memo', message: `A memo has at most ${MAX_MEMO_LENGTH} characters; this one has ${memo.length}.` });
  if (memo !== '' && LONE_SURROGATE.test(memo)) problems.push({ name: 'MEMO_NOT_TEXT', field: 'memo', message: 'A memo is well-formed Unicode text.' });
}
