/**
 * What a token says: `role` is `operator` or `account`; an account's `sub` is its number. Standard claims iss, aud,
 * exp (required), iat and nbf are checked by the verifier.
 */
import type { Subject } from '@mas/ledger';
import { err, ok, parseAccountNumber, type Result } from '@mas/values';

export const ROLE_OPERATOR = 'operator';
export const ROLE_ACCOUNT = 'account';
/** Part of the scope of payment ids, so it holds no NUL; visible, so that logs can show it. */
const SUBJECT_NAME = /^[\x21-\x7e]{1,128}$/;

export function subjectOfClaims(claims: Readonly<Record<string, unknown>>): Result<Subject, { readonly reason: string }> {
  const { iss, sub, role } = claims;
  if (typeof iss !== 'string' || typeof sub !== 'string' || !SUBJECT_NAME.test(sub)) return err({ reason: 'the token names no subject' });
  if (role === ROLE_OPERATOR) return ok({ kind: 'operator', name: `${iss}|${sub}` });
  if (role !== ROLE_ACCOUNT) return err({ reason: 'the token names no role; it is "operator" or "account"' });
  const number = parseAccountNumber(sub);
  return number.ok ? ok({ kind: 'account', account: number.value }) : err({ reason: "the token's subject is no account number" });
}
