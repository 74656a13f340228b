/** LegRow ↔ a row of `payment`. */
import type { AuthorizationStatus, LegRow, LegState, Reservation } from '@mas/ledger';
import { paymentKey, splitPaymentKey } from '@mas/values';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import { bytes, integer, money, orNull } from '../sql-dialect';
import type { RawRow } from '../sql-database';
import { coldBody, coldReason, coldSubject, decodeCold, encodeCold, LEG_EFFECTS, warmBody, warmReason, warmSubject } from './cold-values';
import { asAccountNumber, asCurrency, asInt, asIntOrNull, asMoney, asOneOf, asSlot, asText, asTxn, asTxnOrNull } from './raw-values';
import { checkLeg } from './row-checks';
import { bounded, type TableText } from './table-text';

const STATES: readonly LegState[] = ['prepared', 'committed', 'aborted'];
const AUTHORIZATION_STATUSES: readonly AuthorizationStatus[] = ['open', 'capturing', 'captured', 'voided', 'expired'];

export const PAYMENT_TEXT: TableText<LegRow> = {
  table: 'payment',
  keyColumns: ['account', 'seq'],
  columns: [
    ...['txn', 'scope', 'id', 'home_slot', 'effect', 'amount_minor', 'currency', 'state', 'prepared_at_ms', 'ended_at_ms', 'journal_seq'],
    ...['balance_after_minor', 'refunded_minor', 'refund_reserved_minor', 'auth_status', 'auth_expires_at_ms', 'auth_reserved_minor'],
    ...['auth_consumed_by', 'detail'],
  ],
  values(row, dialect) {
    checkLeg(row);
    const { scope, id } = splitPaymentKey(row.key);
    const { journal, reservation } = row;
    return [
      integer(row.slot),
      dialect.text(row.account),
      integer(row.seq),
      bytes(row.txn),
      dialect.text(bounded(scope, MAX_TEXT_BYTES.scope, 'scope')),
      dialect.text(bounded(id, MAX_TEXT_BYTES.id, 'id')),
      integer(row.homeSlot),
      dialect.text(row.spec.effect),
      money(row.spec.amountMinor),
      dialect.text(row.spec.currency),
      dialect.text(row.state),
      integer(row.preparedAtMs),
      orNull(row.endedAtMs, integer),
      orNull(journal, (entry) => integer(entry.seq)),
      orNull(journal, (entry) => money(entry.balanceAfterMinor)),
      money(row.refundedMinor),
      money(row.refundReservedMinor),
      orNull(reservation, (held) => dialect.text(held.status)),
      orNull(reservation, (held) => integer(held.expiresAtMs)),
      orNull(reservation, (held) => money(held.reservedMinor)),
      orNull(reservation?.consumedBy ?? null, bytes),
      dialect.text(encodeCold([coldSubject(row.subject), row.body === null ? null : coldBody(row.body), coldReason(row.reason)])),
    ].join(',');
  },
  decode: legRow,
  keyOf: (row) => [row.slot, row.account, row.seq],
};

export function legRow(raw: RawRow): LegRow {
  const [subject, body, reason] = decodeCold(raw['detail'], 'detail of a leg');
  const account = asAccountNumber(raw['account']);
  const journalSeq = asIntOrNull(raw['journal_seq'], 'journal seq');
  return {
    slot: asSlot(raw['slot']),
    account,
    seq: asInt(raw['seq'], 'seq'),
    txn: asTxn(raw['txn'], 'txn'),
    key: paymentKey(asText(raw['scope'], 'scope'), asText(raw['id'], 'id')),
    homeSlot: asSlot(raw['home_slot']),
    subject: warmSubject(subject),
    spec: {
      account,
      effect: asOneOf(LEG_EFFECTS, raw['effect'], 'leg effect'),
      amountMinor: asMoney(raw['amount_minor'], 'amount'),
      currency: asCurrency(raw['currency']),
    },
    body: body === null ? null : warmBody(body),
    state: asOneOf(STATES, raw['state'], 'leg state'),
    reason: warmReason(reason),
    preparedAtMs: asInt(raw['prepared_at_ms'], 'prepared at'),
    endedAtMs: asIntOrNull(raw['ended_at_ms'], 'ended at'),
    journal: journalSeq === null ? null : { seq: journalSeq, balanceAfterMinor: asMoney(raw['balance_after_minor'], 'balance after') },
    reservation: reservation(raw),
    refundedMinor: asMoney(raw['refunded_minor'], 'refunded'),
    refundReservedMinor: asMoney(raw['refund_reserved_minor'], 'refund reserved'),
  };
}

function reservation(raw: RawRow): Reservation | null {
  if (raw['auth_status'] === null) return null;
  return {
    status: asOneOf(AUTHORIZATION_STATUSES, raw['auth_status'], 'authorization status'),
    expiresAtMs: asInt(raw['auth_expires_at_ms'], 'authorization expiry'),
    reservedMinor: asMoney(raw['auth_reserved_minor'], 'reserved'),
    consumedBy: asTxnOrNull(raw['auth_consumed_by'], 'consumed by'),
  };
}
