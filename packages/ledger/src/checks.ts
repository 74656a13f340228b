/**
 * May this leg be promised? Every refusal comes first, in the order of REFUSAL_NAMES; behind a pass nothing can
 * fail any more: COMMIT and ROLLBACK ask nothing. Checked at PREPARE, and at DECIDE for the legs that live at home.
 */
import { fitsInt64, formatAmount, MAX_AMOUNT_MINOR, unreachable, type AccountNumber, type AmountMinor, type TxnId } from '@mas/values';
import type { Applying } from './applying';
import { actsForOwner, buildsOnLeg } from './leg-effect';
import type { LegSpec, PaymentBody } from './payment-body';
import { authorizationVerdict, originalVerdict } from './reference-checks';

import type { AccountRow, LegRow } from './rows';
import { HOLDS_BOUNDED_SINCE, PENDING_BOUNDED_SINCE } from './semantics';
import type { Subject } from './subject';
import { pass, refused, waitFor, type LegVerdict, type LockVerdict, type Refused, type Wait } from './verdict';

export interface LegAsk {
  readonly txn: TxnId;
  readonly body: PaymentBody;
  readonly spec: LegSpec;
  readonly undecided: readonly TxnId[];
}

/**
 * An account's token acts for its own account only; the cluster itself never takes money from anybody. Said of the
 * body and the token alone, so it is answered without a record.
 */
export function checkSubject(subject: Subject, body: PaymentBody): Refused | null {
  if (subject.kind === 'operator') return null;
  for (const { account, effect } of body.legs) {
    if (!actsForOwner(effect)) continue;
    if (subject.kind === 'system' || subject.account !== account)
      return refused('NOT_AUTHORIZED', account, { subject: subject.kind === 'account' ? subject.account : subject.kind });
  }
  return null;
}

/**
 * While an exclusive lock is in force its holder alone goes on, by its token. A token without a lock in force is an
 * expired holder's, which must not act on what it believes to be still locked.
 */
export function checkLock(a: Applying, account: AccountNumber, token: number | null): LockVerdict | null {
  const lock = a.lockInForce(account);
  if (token === null) return lock === undefined ? null : { kind: 'locked', lock };
  if (lock?.token === token) return null;
  return refused('LOCK_TOKEN_STALE', account, { token: String(token), current: lock === undefined ? 'none' : String(lock.token) });
}

export function checkLeg(a: Applying, ask: LegAsk): LegVerdict {
  const { spec } = ask;
  const account = a.account(spec.account);
  if (account === undefined) return refused('ACCOUNT_NOT_FOUND', spec.account, {});
  const refusedState = checkState(account) ?? checkAmount(a, account, spec);
  if (refusedState !== null) return refusedState;
  const reference = buildsOnLeg(spec.effect) && ask.body.reference !== null ? (a.leg(spec.account, ask.body.reference.txn) ?? null) : null;
  switch (spec.effect) {
    case 'debit':
      return checkFunds(a, account, spec.amountMinor, ask) ?? pass(account, null);
    case 'credit':
      return checkRoom(a, account, spec.amountMinor) ?? pass(account, null);
    case 'authorize':
      return checkExpiry(a, ask) ?? checkFunds(a, account, spec.amountMinor, ask) ?? pass(account, null);
    case 'capture':
    case 'void':
      return authorizationVerdict(a, account, reference, ask);
    case 'refund-debit':
      return refundVerdict(a, account, reference, ask);
    default:
      return unreachable(spec.effect, 'leg effect');
  }
}

/** Closed and frozen accounts neither pay nor are paid. */
function checkState(account: AccountRow): Refused | null {
  switch (account.status) {
    case 'open':
      return null;
    case 'closed':
      return refused('ACCOUNT_CLOSED', account.number, {});
    case 'frozen':
      return refused('ACCOUNT_FROZEN', account.number, {});
    default:
      return unreachable(account.status, 'account status');
  }
}

function checkAmount(a: Applying, account: AccountRow, { currency, amountMinor }: LegSpec): Refused | null {
  if (currency !== account.currency) return refused('CURRENCY_MISMATCH', account.number, { account: account.currency, payment: currency });
  const maximum = a.state.policy?.maximumAmountMinor;
  if (maximum === undefined || amountMinor <= maximum) return null;
  return refused('AMOUNT_ABOVE_MAXIMUM', account.number, { amount: formatAmount(amountMinor, currency), maximum: formatAmount(maximum, currency), currency });
}

/** available = balance − holds − minimum. */
function checkFunds(a: Applying, account: AccountRow, amountMinor: AmountMinor, ask: LegAsk): Refused | Wait | null {
  const availableMinor = account.balanceMinor - account.holdsMinor - account.minimumMinor;
  if (availableMinor >= amountMinor) return checkHolds(a, account, amountMinor);
  const wait = undecidedCredits(a, account, amountMinor - availableMinor, ask.undecided);
  if (wait !== null) return wait;
  const { currency } = account;
  return refused('INSUFFICIENT_FUNDS', account.number, {
    available: formatAmount(availableMinor, currency),
    needed: formatAmount(amountMinor, currency),
    minimum: formatAmount(account.minimumMinor, currency),
    currency,
  });
}

/** A minimum far below zero lets more be available than 64 bits hold: what is held has a bound of its own. */
function checkHolds(a: Applying, account: AccountRow, amountMinor: AmountMinor): Refused | null {
  if (fitsInt64(account.holdsMinor + amountMinor) || a.state.semanticsVersion < HOLDS_BOUNDED_SINCE) return null;
  const { currency } = account;
  return refused('HOLDS_OVERFLOW', account.number, {
    held: formatAmount(account.holdsMinor, currency),
    needed: formatAmount(amountMinor, currency),
    maximum: formatAmount(MAX_AMOUNT_MINOR, currency),
    currency,
  });
}

/**
 * WAIT if the credits prepared on the account, less those that the caller found undecided, would make up for what is
 * missing: one of them may have been answered COMMITTED already, and its receiver may spend it from then on.
 */
export function undecidedCredits(a: Applying, account: AccountRow, missingMinor: AmountMinor, undecided: readonly TxnId[]): Wait | null {
  if (account.pendingCreditsMinor < missingMinor) return null;
  const found = new Set(undecided);
  const credits: LegRow[] = [];
  let comingMinor = 0n;
  for (const leg of a.state.memory.preparedOn(account.number)) {
    if (leg.spec.effect !== 'credit' || found.has(leg.txn)) continue;
    credits.push(leg);
    comingMinor += leg.spec.amountMinor;
  }
  return credits.length > 0 && comingMinor >= missingMinor ? waitFor(credits) : null;
}

/**
 * Pending credits count as if they had come, so that COMMIT always finds room. A balance far below zero leaves room for more of them
 * than 64 bits hold: they have a bound of their own. The receiver's balance is not told to the payer.
 */
function checkRoom(a: Applying, account: AccountRow, amountMinor: AmountMinor): Refused | null {
  const pendingFits = a.state.semanticsVersion < PENDING_BOUNDED_SINCE || fitsInt64(account.pendingCreditsMinor + amountMinor);
  if (pendingFits && fitsInt64(account.balanceMinor + account.pendingCreditsMinor + amountMinor)) return null;
  return refused('BALANCE_OVERFLOW', account.number, { amount: formatAmount(amountMinor, account.currency), currency: account.currency });
}

function checkExpiry(a: Applying, { body, spec }: LegAsk): Refused | null {
  if (body.expiresAtMs !== null && a.stampMs < body.expiresAtMs) return null;
  return refused('AUTHORIZATION_EXPIRED', spec.account, { expired_at_ms: String(body.expiresAtMs), now_ms: String(a.stampMs) });
}

function refundVerdict(a: Applying, account: AccountRow, original: LegRow | null, ask: LegAsk): LegVerdict {
  const verdict = originalVerdict(account, original, ask);
  if (verdict.kind !== 'pass') return verdict;
  return checkFunds(a, account, ask.spec.amountMinor, ask) ?? verdict;
}
