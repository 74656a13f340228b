/**
 * What becomes of money when a leg is prepared, committed or aborted: functions from rows to rows, which cannot
 * fail, and which change the rows that they are given in place where nobody else may hold them (own-rows.ts): the
 * caller goes on with what is returned. Whether a leg may be prepared is decided before (checks.ts). A leg that is applied in one entry is prepared
 * and committed in turn, so that both ways end in the same rows.
 *
 * Holds of an account = Σ prepared debits, authorizations and refund debits + Σ reservations that are open or
 * capturing. A prepared capture or void adds none: it takes over the reservation's.
 */
import { invariant, present, unreachable, type AccountNumber, type AmountMinor, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import { directionOf } from './leg-effect';
import { OwnAccount, OwnLeg } from './own-rows';
import type { LegSpec, PaymentBody } from './payment-body';
import type { AbortReason } from './refusal';
import type { AccountRow, LegRow, Reservation } from './rows';
import type { Subject } from './subject';

/** An account, its leg, and the leg of the authorization or original that it builds on. */
export interface PromisedLeg {
  readonly account: AccountRow;
  readonly leg: LegRow;
  readonly reference: LegRow | null;
}

export interface LegChange extends PromisedLeg {
  /** By which the account's balance has changed. */
  readonly movedMinor: AmountMinor;
}

/** When an instruction is applied: the bucket's time, and its moment where it has moments. */
export interface AppliedAt {
  readonly stampMs: number;
  readonly momentUs: number | null;
}

/** What a new leg takes from its instruction. */
export interface LegOrigin {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly subject: Subject;
  readonly body: PaymentBody | null;
}

export function preparedChange(account: AccountRow, reference: LegRow | null, origin: LegOrigin, spec: LegSpec, seq: number, at: AppliedAt): LegChange {
  const leg = newLeg(account.slot, account.number, origin, spec, seq, at);
  const { amountMinor, effect } = spec;
  switch (effect) {
    case 'debit':
    case 'authorize':
      return unmoved(changed(account, 0n, amountMinor, 0n, seq), leg, reference);
    case 'credit':
      return unmoved(changed(account, 0n, 0n, amountMinor, seq), leg, reference);
    case 'capture':
    case 'void':
      return unmoved(changed(account, 0n, 0n, 0n, seq), leg, reserved(reference, { status: 'capturing', consumedBy: origin.txn }));
    case 'refund-debit':
      return unmoved(changed(account, 0n, amountMinor, 0n, seq), leg, refunded(reference, 0n, amountMinor));
    default:
      return unreachable(effect, 'leg effect');
  }
}

/** @param commitUs the payment's commit time; null: no bucket has given one. */
export function committedChange({ account, leg, reference }: PromisedLeg, stampMs: number, commitUs: number | null): LegChange {
  const end: End = { state: 'committed', stampMs, commitUs };
  const { amountMinor, effect } = leg.spec;
  switch (effect) {
    case 'debit':
      return settled(changed(account, -amountMinor, -amountMinor, 0n), leg, reference, end);
    case 'credit':
      return settled(changed(account, amountMinor, 0n, -amountMinor), leg, reference, end);
    case 'authorize':
      return unmoved(changed(account, 0n, 0n, 0n), ended(leg, end, null, opened(leg)), reference);
    case 'capture':
      // One capture: its commit frees the rest of the reservation.
      return settled(changed(account, -amountMinor, -reservationOf(reference).reservedMinor, 0n), leg, consumed(reference, 'captured', leg.txn), end);
    case 'void':
      return unmoved(changed(account, 0n, -reservationOf(reference).reservedMinor, 0n), ended(leg, end, null, null), consumed(reference, 'voided', leg.txn));
    case 'refund-debit':
      return settled(changed(account, -amountMinor, -amountMinor, 0n), leg, refunded(reference, amountMinor, -amountMinor), end);
    default:
      return unreachable(effect, 'leg effect');
  }
}

export function abortedChange({ account, leg, reference }: PromisedLeg, stampMs: number, reason: AbortReason): LegChange {
  const { amountMinor, effect } = leg.spec;
  const endedLeg = ended(leg, { state: 'aborted', stampMs, commitUs: null }, null, null, reason);
  switch (effect) {
    case 'debit':
    case 'authorize':
      return unmoved(changed(account, 0n, -amountMinor, 0n), endedLeg, reference);
    case 'credit':
      return unmoved(changed(account, 0n, 0n, -amountMinor), endedLeg, reference);
    case 'capture':
    case 'void':
      return givenBack(account, endedLeg, reference, stampMs);
    case 'refund-debit':
      return unmoved(changed(account, 0n, -amountMinor, 0n), endedLeg, refunded(reference, 0n, -amountMinor));
    default:
      return unreachable(effect, 'leg effect');
  }
}

/** An aborted leg that was never prepared, so that a late PREPARE finds it ended; also the account's history line. */
export function tombstone(slot: Slot, account: AccountNumber, origin: LegOrigin, spec: LegSpec, seq: number, stampMs: number, reason: AbortReason): LegRow {
  return { ...newLeg(slot, account, origin, spec, seq, { stampMs, momentUs: null }), state: 'aborted', endedAtMs: stampMs, reason };
}

/** An authorization whose time is over gives its reservation back. */
export function expiredChange(account: AccountRow, authorization: LegRow): { readonly account: AccountRow; readonly leg: LegRow } {
  const { reservedMinor } = reservationOf(authorization);
  return { account: changed(account, 0n, -reservedMinor, 0n), leg: reserved(authorization, { status: 'expired', reservedMinor: 0n, consumedBy: null }) };
}

function newLeg(slot: Slot, account: AccountNumber, origin: LegOrigin, spec: LegSpec, seq: number, { stampMs, momentUs }: AppliedAt): LegRow {
  return new OwnLeg({
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
    preparedUs: momentUs,
    endedAtMs: null,
    commitUs: null,
    journal: null,
    reservation: null,
    mark: null,
    refundedMinor: 0n,
    refundReservedMinor: 0n,
  });
}

function unmoved(account: AccountRow, leg: LegRow, reference: LegRow | null): LegChange {
  return { account, leg, reference, movedMinor: 0n };
}

function changed(account: AccountRow, balance: AmountMinor, holds: AmountMinor, pending: AmountMinor, seq = account.lastSeq): AccountRow {
  const row = OwnAccount.of(account);
  if (balance !== 0n) {
    row.balanceMinor += balance;
    row.journalSeq += 1;
  }
  if (holds !== 0n) row.holdsMinor += holds;
  if (pending !== 0n) row.pendingCreditsMinor += pending;
  row.rev += 1;
  row.lastSeq = seq;
  return row;
}

/** `account` already carries the new balance and journal position. */
function settled(account: AccountRow, leg: LegRow, reference: LegRow | null, end: End): LegChange {
  const journal = { seq: account.journalSeq, balanceAfterMinor: account.balanceMinor };
  const { effect, amountMinor } = leg.spec;
  return { account, leg: ended(leg, end, journal, null), reference, movedMinor: directionOf(effect) === 1 ? amountMinor : -amountMinor };
}

interface End {
  readonly state: 'committed' | 'aborted';
  readonly stampMs: number;
  readonly commitUs: number | null;
}

function ended(leg: LegRow, { state, stampMs, commitUs }: End, journal: LegRow['journal'], reservation: Reservation | null, reason = leg.reason): LegRow {
  const row = OwnLeg.of(leg);
  row.state = state;
  row.reason = reason;
  row.endedAtMs = stampMs;
  row.commitUs = commitUs;
  row.journal = journal;
  row.reservation = reservation;
  return row;
}

function opened(leg: LegRow): Reservation {
  const expiresAtMs = present(leg.body?.expiresAtMs, 'expiry of an authorization');
  return { status: 'open', expiresAtMs, reservedMinor: leg.spec.amountMinor, consumedBy: null };
}

/** A rollback returns the money to the authorization, or frees it if that has expired meanwhile. */
function givenBack(account: AccountRow, leg: LegRow, reference: LegRow | null, stampMs: number): LegChange {
  const { expiresAtMs } = reservationOf(reference);
  if (stampMs < expiresAtMs) return unmoved(changed(account, 0n, 0n, 0n), leg, reserved(reference, { status: 'open', consumedBy: null }));
  const freed = expiredChange(account, present(reference, 'authorization'));
  return unmoved(freed.account, leg, freed.leg);
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
  invariant(
    next.refundReservedMinor >= 0n && next.refundedMinor + next.refundReservedMinor <= original.spec.amountMinor,
    'refunds stay within their original',
    { account: original.account, txn: original.txn },
  );
  return next;
}
