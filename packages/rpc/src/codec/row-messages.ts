/** mas/v1/row.proto: the rows of a bucket, in field order, which is their canonical form. */
import type {
  AccountRow,
  AccountStatus,
  AuthorizationStatus,
  BalanceMark,
  ForcedResolution,
  LegRow,
  LegState,
  LockRow,
  OutcomeRow,
  Reservation,
} from '@mas/ledger';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readBody, readOptionalBody, writeBody } from './body-messages';
import { readAbortReason, readDecision, readLegSpec, readSubject, writeDecision, writeLegSpec, writeReason, writeSubject } from './payment-messages';

export const ACCOUNT_STATUSES = wireEnum<AccountStatus>({ open: 1, frozen: 2, closed: 3 });
export const LEG_STATES = wireEnum<LegState>({ prepared: 1, committed: 2, aborted: 3 });
const AUTHORIZATION_STATUSES = wireEnum<AuthorizationStatus>({ open: 1, capturing: 2, captured: 3, voided: 4, expired: 5 });
const LOCK_ROW_MODES = wireEnum<Exclude<LockRow['mode'], 'exclusive'>>({ shared: 1, broken: 2 });

type BalanceAfter = OutcomeRow['balances'][number];
type JournalPosition = NonNullable<LegRow['journal']>;

export function writeAccountRow(writer: WireWriter, row: AccountRow): void {
  writer.uint(1, row.slot);
  writer.text(2, row.number);
  writer.text(3, row.currency);
  writer.enumeration(4, ACCOUNT_STATUSES, row.status);
  writer.text(5, row.owner);
  writer.int64(6, row.balanceMinor);
  writer.int64(7, row.holdsMinor);
  writer.int64(8, row.pendingCreditsMinor);
  writer.int64(9, row.minimumMinor);
  writer.uint(10, row.rev);
  writer.uint(11, row.lastSeq);
  writer.uint(12, row.journalSeq);
  writer.uint(13, row.createdAtMs);
  writer.text(14, row.createdBy.key);
  writer.hash(15, row.createdBy.txn);
  writer.optionalUint(16, row.createdUs);
}

export function readAccountRow(reader: WireReader): AccountRow {
  return {
    slot: reader.slot(1),
    number: reader.account(2),
    currency: reader.currency(3),
    status: reader.enumeration(4, ACCOUNT_STATUSES),
    owner: reader.text(5),
    balanceMinor: reader.int64(6),
    holdsMinor: reader.int64(7),
    pendingCreditsMinor: reader.int64(8),
    minimumMinor: reader.int64(9),
    rev: reader.uint(10),
    lastSeq: reader.uint(11),
    journalSeq: reader.uint(12),
    createdAtMs: reader.uint(13),
    createdBy: { key: reader.key(14), txn: reader.txn(15) },
    createdUs: reader.optionalUint(16),
  };
}

export function writeLegRow(writer: WireWriter, row: LegRow): void {
  writer.uint(1, row.slot);
  writer.text(2, row.account);
  writer.uint(3, row.seq);
  writer.hash(4, row.txn);
  writer.text(5, row.key);
  writer.uint(6, row.homeSlot);
  writer.message(7, row.subject, writeSubject);
  writer.message(8, row.spec, writeLegSpec);
  writeBody(writer, 9, row.body);
  writer.enumeration(10, LEG_STATES, row.state);
  writer.optionalMessage(11, row.reason, writeReason);
  writer.uint(12, row.preparedAtMs);
  writer.optionalUint(13, row.endedAtMs);
  writer.optionalMessage(14, row.journal, writeJournalPosition);
  writer.optionalMessage(15, row.reservation, writeReservation);
  writer.int64(16, row.refundedMinor);
  writer.int64(17, row.refundReservedMinor);
  writer.optionalUint(18, row.preparedUs);
  writer.optionalUint(19, row.commitUs);
  writer.optionalMessage(20, row.mark, writeBalanceMark);
}

export function readLegRow(reader: WireReader): LegRow {
  const slot = reader.slot(1);
  const account = reader.account(2);
  const seq = reader.uint(3);
  const txn = reader.txn(4);
  return {
    slot,
    account,
    seq,
    txn,
    key: reader.key(5),
    homeSlot: reader.slot(6),
    subject: reader.message(7, readSubject),
    spec: reader.message(8, readLegSpec),
    body: readOptionalBody(reader, 9, txn),
    state: reader.enumeration(10, LEG_STATES),
    reason: reader.optionalMessage(11, readAbortReason),
    preparedAtMs: reader.uint(12),
    endedAtMs: reader.optionalUint(13),
    journal: reader.optionalMessage(14, readJournalPosition),
    reservation: reader.optionalMessage(15, readReservation),
    refundedMinor: reader.int64(16),
    refundReservedMinor: reader.int64(17),
    preparedUs: reader.optionalUint(18),
    commitUs: reader.optionalUint(19),
    mark: reader.optionalMessage(20, readBalanceMark),
  };
}

function writeBalanceMark(writer: WireWriter, mark: BalanceMark): void {
  writer.uint(1, mark.momentUs);
  writer.uint(2, mark.lastSeq);
  writer.packedUints(3, mark.openSeqs);
}

function readBalanceMark(reader: WireReader): BalanceMark {
  return { momentUs: reader.uint(1), lastSeq: reader.uint(2), openSeqs: reader.packedUints(3) };
}

function writeJournalPosition(writer: WireWriter, position: JournalPosition): void {
  writer.uint(1, position.seq);
  writer.int64(2, position.balanceAfterMinor);
}

function readJournalPosition(reader: WireReader): JournalPosition {
  return { seq: reader.uint(1), balanceAfterMinor: reader.int64(2) };
}

function writeReservation(writer: WireWriter, reservation: Reservation): void {
  writer.enumeration(1, AUTHORIZATION_STATUSES, reservation.status);
  writer.uint(2, reservation.expiresAtMs);
  writer.int64(3, reservation.reservedMinor);
  writer.optionalHash(4, reservation.consumedBy);
}

function readReservation(reader: WireReader): Reservation {
  return {
    status: reader.enumeration(1, AUTHORIZATION_STATUSES),
    expiresAtMs: reader.uint(2),
    reservedMinor: reader.int64(3),
    consumedBy: reader.optionalTxn(4),
  };
}

export function writeOutcomeRow(writer: WireWriter, row: OutcomeRow): void {
  writer.uint(1, row.slot);
  writer.text(2, row.key);
  writer.hash(3, row.txn);
  writeBody(writer, 4, row.body);
  writer.message(5, row.subject, writeSubject);
  writer.message(6, row.decision, writeDecision);
  writer.messages(7, row.balances, writeBalanceAfter);
  for (const leg of row.untold) writer.text(8, leg.account);
  writer.messages(9, row.forced, writeForcedResolution);
}

export function readOutcomeRow(reader: WireReader): OutcomeRow {
  const slot = reader.slot(1);
  const key = reader.key(2);
  const txn = reader.txn(3);
  return {
    slot,
    key,
    txn,
    body: readBody(reader, 4, txn),
    subject: reader.message(5, readSubject),
    decision: reader.message(6, readDecision),
    balances: reader.messages(7, readBalanceAfter),
    untold: reader.accounts(8).map((account) => ({ account })),
    forced: reader.messages(9, readForcedResolution),
  };
}

function writeForcedResolution(writer: WireWriter, forced: ForcedResolution): void {
  writer.text(1, forced.operator);
  writer.uint(2, forced.askedAtMs);
  writer.hash(3, forced.txn);
}

function readForcedResolution(reader: WireReader): ForcedResolution {
  return { operator: reader.text(1), askedAtMs: reader.uint(2), txn: reader.txn(3) };
}

export function writeBalanceAfter(writer: WireWriter, balance: BalanceAfter): void {
  writer.text(1, balance.account);
  writer.int64(2, balance.balanceMinor);
  writer.uint(3, balance.rev);
}

export function readBalanceAfter(reader: WireReader): BalanceAfter {
  return { account: reader.account(1), balanceMinor: reader.int64(2), rev: reader.uint(3) };
}

export function writeLockRow(writer: WireWriter, row: LockRow): void {
  writer.uint(1, row.slot);
  writer.text(2, row.lockId);
  writer.text(3, row.owner);
  writer.uint(4, row.token);
  writer.uint(5, row.untilMs);
  // As it was written before there were others.
  if (row.mode !== 'exclusive') writer.enumeration(6, LOCK_ROW_MODES, row.mode);
  writer.text(7, row.heldBy);
}

export function readLockRow(reader: WireReader): LockRow {
  return {
    slot: reader.slot(1),
    lockId: reader.text(2),
    owner: reader.text(3),
    token: reader.uint(4),
    untilMs: reader.uint(5),
    mode: reader.optionalEnumeration(6, LOCK_ROW_MODES) ?? 'exclusive',
    heldBy: reader.text(7),
  };
}
