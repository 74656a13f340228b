/** LegRow ↔ a row of `payment`: what somebody selects by or reads by hand as columns, the body as its bytes, the rest as `detail`. */
import type { AuthorizationStatus, BalanceMark, LegRow, LegSpec, LegState, PaymentBody, Reservation } from '@mas/ledger';
import { paymentKey, splitPaymentKey, txnId } from '@mas/values';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import type { RawRow } from '../sql-database';
import * as cold from './cold-values';
import { oldBody } from './old-body';
import { asAccountNumber, asArray, asBody, asCurrency, asInt, asIntOrNull, asMoney, asOneOf, asSlot, asText, asTxn } from './raw-values';
import { checkLeg } from './row-checks';
import type { RowWriter } from './row-writer';
import type { TableText } from './table-text';

const STATES: readonly LegState[] = ['prepared', 'committed', 'aborted'];
const AUTHORIZATION_STATUSES: readonly AuthorizationStatus[] = ['open', 'capturing', 'captured', 'voided', 'expired'];

export const PAYMENT_TEXT: TableText<LegRow> = {
  table: 'payment',
  keyColumns: ['account', 'seq'],
  columns: ['txn', 'id', 'effect', 'amount_minor', 'state', 'prepared_at_ms', 'balance_after_minor', 'pinned', 'detail', 'body'],
  write(row, to) {
    checkLeg(row);
    const { scope, id } = splitPaymentKey(row.key);
    to.integer(row.slot);
    to.text(row.account, MAX_TEXT_BYTES.account, 'account number');
    to.integer(row.seq);
    to.byteString(row.txn);
    to.text(id, MAX_TEXT_BYTES.id, 'id');
    to.word(row.spec.effect);
    to.money(row.spec.amountMinor);
    to.word(row.state);
    to.integer(row.preparedAtMs);
    if (row.journal === null) to.none();
    else to.money(row.journal.balanceAfterMinor);
    to.integer(isPinned(row) ? 1 : 0);
    writeDetail(row, scope, to);
    if (row.body === null) to.none();
    else to.byteArray(row.body.bytes);
  },
  decode: legRow,
  keyOf: (row) => [row.slot, row.account, row.seq],
};

/** Never paged out: prepared, or an authorization that still holds money. */
function isPinned({ state, reservation }: LegRow): boolean {
  return state === 'prepared' || reservation?.status === 'open' || reservation?.status === 'capturing';
}

function writeDetail(row: LegRow, scope: string, to: RowWriter): void {
  const { journal, spec } = row;
  to.beginText();
  cold.openCold(to);
  to.jsonText(scope);
  to.part(',');
  to.digits(row.homeSlot);
  to.part(',');
  to.jsonText(spec.currency);
  to.part(',');
  cold.coldSubject(row.subject, scope, to);
  to.part(',');
  cold.coldInteger(row.endedAtMs, to);
  to.part(',');
  cold.coldInteger(journal === null ? null : journal.seq, to);
  if (isSettled(row)) to.part(SETTLED);
  else writeUnsettled(row, to);
  writeMoments(row, to);
  to.part(']');
  to.endText();
}

/** Among the parts, before the body had a column. */
const OLD_BODY_AT = 6;

/** Of nearly all rows, and so in one piece: no reason, no reservation, nothing refunded. */
const SETTLED = ',null,null,"0","0"';

function isSettled(row: LegRow): boolean {
  return row.reason === null && row.reservation === null && row.refundedMinor === 0n && row.refundReservedMinor === 0n;
}

function writeUnsettled(row: LegRow, to: RowWriter): void {
  to.part(',');
  cold.orNull(row.reason, cold.coldReason, to);
  to.part(',');
  cold.orNull(row.reservation, coldReservation, to);
  to.part(',"');
  to.bigDigits(row.refundedMinor);
  to.part('","');
  to.bigDigits(row.refundReservedMinor);
  to.part('"');
}

/** As what they are behind the stamp and the promise: a few digits each. Rows of before there were moments have neither. */
function writeMoments({ preparedAtMs, preparedUs, commitUs, mark }: LegRow, to: RowWriter): void {
  if (preparedUs === null && commitUs === null) return;
  to.part(',');
  cold.coldInteger(preparedUs === null ? null : preparedUs - preparedAtMs * 1000, to);
  to.part(',');
  cold.coldInteger(commitUs === null ? null : commitUs - (preparedUs ?? preparedAtMs * 1000), to);
  if (mark !== null) to.part(`,[${mark.momentUs},${mark.lastSeq},[${mark.openSeqs.join(',')}]]`);
}

export function legRow(raw: RawRow): LegRow {
  const { parts, body } = cold.decodeDetail(raw['detail'], OLD_BODY_AT, 'detail of a leg');
  const [scopeText, homeSlot, currency, subject, endedAtMs, journalSeq, reason, held, refunded, refundReserved, promise = null, commit = null, mark = null] =
    parts;
  const preparedAtMs = asInt(raw['prepared_at_ms'], 'prepared at');
  const preparedUs = promise === null ? null : preparedAtMs * 1000 + asInt(promise, 'moment of the promise');
  const account = asAccountNumber(raw['account']);
  const scope = asText(scopeText, 'scope');
  const spec: LegSpec = {
    account,
    effect: asOneOf(cold.LEG_EFFECTS, raw['effect'], 'leg effect'),
    amountMinor: asMoney(raw['amount_minor'], 'amount'),
    currency: asCurrency(currency),
  };
  return {
    slot: asSlot(raw['slot']),
    account,
    seq: asInt(raw['seq'], 'seq'),
    txn: asTxn(raw['txn'], 'txn'),
    key: paymentKey(scope, asText(raw['id'], 'id')),
    homeSlot: asSlot(homeSlot),
    subject: cold.warmSubject(subject, scope),
    spec,
    body: bodyOf(raw['body'], body, spec),
    state: asOneOf(STATES, raw['state'], 'leg state'),
    reason: cold.warmReason(reason),
    preparedAtMs,
    preparedUs,
    endedAtMs: asIntOrNull(endedAtMs, 'ended at'),
    commitUs: commit === null ? null : (preparedUs ?? preparedAtMs * 1000) + asInt(commit, 'commit time'),
    journal: journalSeq === null ? null : { seq: asInt(journalSeq, 'journal seq'), balanceAfterMinor: asMoney(raw['balance_after_minor'], 'balance after') },
    reservation: held === null ? null : warmReservation(held),
    mark: mark === null ? null : warmMark(mark),
    refundedMinor: BigInt(asText(refunded, 'refunded')),
    refundReservedMinor: BigInt(asText(refundReserved, 'refund reserved')),
  };
}

function bodyOf(column: unknown, old: unknown, spec: LegSpec): PaymentBody | null {
  if (old !== undefined) return old === null ? null : oldBody(old, spec);
  return column === null ? null : asBody(column);
}

function coldReservation(held: Reservation, to: RowWriter): void {
  to.part(`["${held.status}",${held.expiresAtMs},"${held.reservedMinor.toString()}",${held.consumedBy === null ? 'null' : `"${held.consumedBy}"`}]`);
}

function warmMark(value: unknown): BalanceMark {
  const [momentUs, lastSeq, openSeqs] = asArray(value, 'mark');
  return {
    momentUs: asInt(momentUs, 'moment of a mark'),
    lastSeq: asInt(lastSeq, 'last seq of a mark'),
    openSeqs: asArray(openSeqs, 'open legs of a mark').map((seq) => asInt(seq, 'seq')),
  };
}

function warmReservation(value: unknown): Reservation {
  const [status, expiresAtMs, reserved, consumedBy] = asArray(value, 'reservation');
  return {
    status: asOneOf(AUTHORIZATION_STATUSES, status, 'authorization status'),
    expiresAtMs: asInt(expiresAtMs, 'authorization expiry'),
    reservedMinor: BigInt(asText(reserved, 'reserved')),
    consumedBy: consumedBy === null ? null : txnId(asText(consumedBy, 'consumed by txn')),
  };
}
