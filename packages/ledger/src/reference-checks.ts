/**
 * Captures, voids and refunds build on a leg of an earlier payment on the same account: an authorization's
 * reservation, or the credit that the payee received. While that leg is itself undecided the answer is WAIT.
 */
import { formatAmount, unreachable } from '@mas/values';
import type { Applying } from './applying';
import type { LegAsk } from './checks';
import type { AccountRow, LegRow, Reservation } from './rows';
import { pass, refused, waitFor, type LegVerdict, type Refused } from './verdict';

/** Capture and void: the reservation must be open, its time not over, and large enough. */
export function authorizationVerdict(a: Applying, account: AccountRow, authorization: LegRow | null, ask: LegAsk): LegVerdict {
  const { spec } = ask;
  if (authorization === null || authorization.spec.effect !== 'authorize' || authorization.key !== ask.body.reference?.key)
    return refused('AUTHORIZATION_NOT_FOUND', spec.account, {});
  if (authorization.state === 'prepared' && !ask.undecided.includes(authorization.txn)) return waitFor([authorization]);
  const { reservation } = authorization;
  if (reservation === null) return refused('AUTHORIZATION_NOT_OPEN', spec.account, { status: authorization.state });
  return checkReservation(a, reservation, ask) ?? pass(account, authorization);
}

/** Refund: what is left of the payee's leg of the original, less what other refunds took or reserved. */
export function originalVerdict(account: AccountRow, original: LegRow | null, ask: LegAsk): LegVerdict {
  const { spec } = ask;
  if (original === null || original.spec.effect !== 'credit' || original.key !== ask.body.reference?.key)
    return refused('ORIGINAL_NOT_FOUND', spec.account, {});
  if (original.state === 'prepared' && !ask.undecided.includes(original.txn)) return waitFor([original]);
  if (original.state !== 'committed') return refused('ORIGINAL_NOT_COMMITTED', spec.account, { state: original.state });
  const leftMinor = original.spec.amountMinor - original.refundedMinor - original.refundReservedMinor;
  if (spec.amountMinor <= leftMinor) return pass(account, original);
  return refused('REFUND_EXCEEDS_PAYMENT', spec.account, {
    left: formatAmount(leftMinor, account.currency),
    needed: formatAmount(spec.amountMinor, account.currency),
    currency: account.currency,
  });
}

function checkReservation(a: Applying, reservation: Reservation, { spec, undecided }: LegAsk): LegVerdict | null {
  switch (reservation.status) {
    case 'open':
      break;
    case 'capturing':
      return capturing(a, reservation, spec.account, undecided);
    case 'captured':
    case 'voided':
      return refused('AUTHORIZATION_NOT_OPEN', spec.account, { status: reservation.status });
    case 'expired':
      return expired(a, reservation, spec.account);
    default:
      return unreachable(reservation.status, 'authorization status');
  }
  if (a.stampMs >= reservation.expiresAtMs) return expired(a, reservation, spec.account);
  if (spec.amountMinor <= reservation.reservedMinor) return null;
  return refused('CAPTURE_EXCEEDS_AUTHORIZATION', spec.account, {
    reserved: formatAmount(reservation.reservedMinor, spec.currency),
    needed: formatAmount(spec.amountMinor, spec.currency),
    currency: spec.currency,
  });
}

/** Another capture or void has it and is undecided: if that one was aborted, this one may have it. */
function capturing(a: Applying, { consumedBy }: Reservation, account: LegRow['account'], undecided: LegAsk['undecided']): LegVerdict {
  const holder = consumedBy === null ? undefined : a.pinnedLeg(account, consumedBy);
  if (holder?.state === 'prepared' && !undecided.includes(holder.txn)) return waitFor([holder]);
  return refused('AUTHORIZATION_NOT_OPEN', account, { status: 'capturing' });
}

/** Alike before and after the EXPIRE entry: when the money is freed must not show. */
function expired(a: Applying, { expiresAtMs }: Reservation, account: LegRow['account']): Refused {
  return refused('AUTHORIZATION_EXPIRED', account, { expired_at_ms: String(expiresAtMs), now_ms: String(a.stampMs) });
}
