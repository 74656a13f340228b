/**
 * What becomes of money when a leg is prepared, committed or aborted: pure functions from rows to rows, which cannot
 * fail. Whether a leg may be prepared is decided before (checks.ts). A leg that is applied in one entry is prepared
 * and committed in turn, so that both ways end in the same rows.
 *
 * Holds of an account = Σ prepared debits, authorizations and refund debits + Σ reservations that are open or
 * capturing. A prepared capture or void adds none: it takes over the reservation's.
 */
import { invariant, present, unreachable, type AccountNumber, type AmountMinor, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import type { LegSpec, PaymentBody } from './payment-body';
import type { AbortReason } from './refusal';
import type { AccountRow, LegRow, Reservation } from './rows';
import type { Subject } from './subject';

/** An account, its leg, and the leg of the authorization or original that it builds on. */
export interface LegChange {
  readonly account: AccountRow;
  readonly leg: LegRow;
  readonly reference: LegRow | null;
}

/** What a new leg takes from its instruction. */
export interface LegOrigin {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly subject: Subject;
  readonly body: PaymentBody | null;
}

export function preparedChange(account: AccountRow, reference: LegRow | null, origin: LegOrigin, spec: LegSpec, seq: number, stampMs: number): LegChange {
  const leg = newLeg(account.slot, account.number, origin, spec, seq, stampMs);
  const { amountMinor, effect } = spec;
  switch (effect) {
    case 'debit':
    case 'authorize':
      return { account: changed(account, 0n, amountMinor, 0n, seq), leg, reference };
    case 'credit':
      return { account: changed(account, 0n, 0n, amountMinor, seq), leg, reference };
    case 'capture':
    case 'void':
      return { account: changed(account, 0n, 0n, 0n, seq), leg, reference: reserved(reference, { status: 'capturing', consumedBy: origin.txn }) };
    case 'refund-debit':
      return { account: changed(account, 0n, amountMinor, 0n, seq), leg, reference: refunded(reference, 0n, amountMinor) };
    default:
      return unreachable(effect, 'leg effect');
  }
}

export function committedChange({ account, leg, reference }: LegChange, stampMs: number): LegChange {
  const { amountMinor, effect } = leg.spec;
  switch (effect) {
    case 'debit':
      return settled(changed(account, -amountMinor, -amountMinor, 0n), leg, reference, stampMs);
    case 'credit':
      return settled(changed(account, amountMinor, 0n, -amountMinor), leg, reference, stampMs);
    case 'authorize':
      return { account: changed(account, 0n, 0n, 0n), leg: ended(leg, 'committed', stampMs, null, opened(leg)), reference };
    case 'capture':
      // One capture: its commit frees the rest of the reservation.
      return settled(changed(account, -amountMinor, -reservationOf(reference).reservedMinor, 0n), leg, consumed(reference, 'captured', leg.txn), stampMs);
    case 'void':
      return { account: changed(account, 0n, -reservationOf(reference).reservedMinor, 0n), leg: ended(leg, 'committed', stampMs, null, null), reference: consumed(reference, 'voided', leg.txn) };
    case 'refund-debit':
      return settled(changed(account, -amountMinor, -amountMinor, 0n), leg, refunded(reference, amountMinor, -amountMinor), stampMs);
    default:
      return unreachable(effect, 'leg effect');
  }
}

export function abortedChange({ account, leg, reference }: LegChange, stampMs: number, reason: AbortReason): LegChange {
  const { amountMinor, effect } = leg.spec;
  const endedLeg = { ...ended(leg, 'aborted', stampMs, null, null), reason };
  switch (effect) {
    case 'debit':
    case 'authorize':
      return { account: changed(account, 0n, -amountMinor, 0n), leg: endedLeg, reference };
    case 'credit':
      return { account: changed(account, 0n, 0n, -amountMinor), leg: endedLeg, reference };
    case 'capture':
    case 'void':
      return givenBack(account, endedLeg, reference, stampMs);
    case 'refund-debit':
      return { account: changed(account, 0n, -amountMinor, 0n), leg: endedLeg, reference: refunded(reference, 0n, -amountMinor) };
    default:
      return unreachable(effect, 'leg effect');
  }
}

/** An aborted leg that was never prepared, so that a late PREPARE finds it ended; also the account's history line. */
export function tombstone(slot: Slot, account: AccountNumber, origin: LegOrigin, spec: LegSpec, seq: number, stampMs: number, reason: AbortReason): LegRow {
  return { ...newLeg(slot, account, origin, spec, seq, stampMs), state: 'aborted', endedAtMs: stampMs, reason };
}

/** An authorization whose time is over gives its reservation back. */
export function expiredChange(account: AccountRow, authorization: LegRow): { readonly account: AccountRow; readonly leg: LegRow } {
  const { reservedMinor } = reservationOf(authorization);
  return { account: changed(account, 0n, -reservedMinor, 0n), leg: reserved(authorization, { status: 'expired', reservedMinor: 0n, consumedBy: null }) };
}

function newLeg(slot: Slot, account: AccountNumber, origin: LegOrigin, spec: LegSpec, seq: number, stampMs: number): LegRow {
  return {
    slot,
    account,
    seq,
    txn: origin.txn,
    key: origin.key,
    homeSlot: origin.homeSlot,
    subject: origin.subject,
    spec,
    body: origin.body,
    state: 'prepared',
    reason: null,
    preparedAtMs: stampMs,
    endedAtMs: null,
    journal: null,
    reservation: null,
    refundedMinor: 0n,
    refundReservedMinor: 0n,
  };
}

/** Every field by name: a spread with overrides costs several times as much, and nothing is applied more often. */
function changed(account: AccountRow, balance: AmountMinor, holds: AmountMinor, pending: AmountMinor, seq = account.lastSeq): AccountRow {
  return {
    slot: account.slot,
    number: account.number,
    currency: account.currency,
    status: account.status,
    owner: account.owner,
    balanceMinor: balance === 0n ? account.balanceMinor : account.balanceMinor + balance,
    holdsMinor: holds === 0n ? account.holdsMinor : account.holdsMinor + holds,
    pendingCreditsMinor: pending === 0n ? account.pendingCreditsMinor : account.pendingCreditsMinor + pending,
    minimumMinor: account.minimumMinor,
    rev: account.rev + 1,
    lastSeq: seq,
    journalSeq: balance === 0n ? account.journalSeq : account.journalSeq + 1,
    createdAtMs: account.createdAtMs,
    createdBy: account.createdBy,
  };
}

/** `account` already carries the new balance and journal position. */
function settled(account: AccountRow, leg: LegRow, reference: LegRow | null, stampMs: number): LegChange {
  const journal = { seq: account.journalSeq, balanceAfterMinor: account.balanceMinor };
  return { account, leg: ended(leg, 'committed', stampMs, journal, null), reference };
}

function ended(leg: LegRow, state: LegRow['state'], endedAtMs: number, journal: LegRow['journal'], reservation: Reservation | null): LegRow {
  return {
    slot: leg.slot,
    account: leg.account,
    seq: leg.seq,
    txn: leg.txn,
    key: leg.key,
    homeSlot: leg.homeSlot,
    subject: leg.subject,
    spec: leg.spec,
    body: leg.body,
    state,
    reason: leg.reason,
    preparedAtMs: leg.preparedAtMs,
    endedAtMs,
    journal,
    reservation,
    refundedMinor: leg.refundedMinor,
    refundReservedMinor: leg.refundReservedMinor,
  };
}

function opened(leg: LegRow): Reservation {
  const expiresAtMs = present(leg.body?.expiresAtMs, 'expiry of an authorization');
  return { status: 'open', expiresAtMs, reservedMinor: leg.spec.amountMinor, consumedBy: null };
}

/** A rollback returns the money to the authorization, or frees it if that has expired meanwhile. */
function givenBack(account: AccountRow, leg: LegRow, reference: LegRow | null, stampMs: number): LegChange {
  const { expiresAtMs } = reservationOf(reference);
  if (stampMs < expiresAtMs) return { account: changed(account, 0n, 0n, 0n), leg, reference: reserved(reference, { status: 'open', consumedBy: null }) };
  const freed = expiredChange(account, present(reference, 'authorization'));
  return { account: freed.account, leg, reference: freed.leg };
}

function consumed(reference: LegRow | null, status: 'captured' | 'voided', consumedBy: TxnId): LegRow {
  return reserved(reference, { status, reservedMinor: 0n, consumedBy });
}

function reserved(reference: LegRow | null, change: Partial<Reservation>): LegRow {
  const authorization = present(reference, 'authorization');
  return { ...authorization, reservation: { ...reservationOf(authorization), ...change } };
}

function reservationOf(reference: LegRow | null): Reservation {
  return present(reference?.reservation, 'reservation of an authorization');
}

function refunded(reference: LegRow | null, refundedMinor: AmountMinor, reservedMinor: AmountMinor): LegRow {
  const original = present(reference, 'original leg of a refund');
  const next = { ...original, refundedMinor: original.refundedMinor + refundedMinor, refundReservedMinor: original.refundReservedMinor + reservedMinor };
  invariant(next.refundReservedMinor >= 0n && next.refundedMinor + next.refundReservedMinor <= original.spec.amountMinor, 'refunds stay within their original', { account: original.account, txn: original.txn });
  return next;
}
