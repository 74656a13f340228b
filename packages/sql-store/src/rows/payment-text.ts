/** LegRow ↔ a row of `payment`: what somebody selects by or reads by hand as columns, the rest as `detail`. */
import type { AuthorizationStatus, LegRow, LegSpec, LegState, Reservation } from '@mas/ledger';
import { paymentKey, splitPaymentKey, txnId } from '@mas/values';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import { bytes, integer, money, orNull } from '../sql-dialect';
import type { RawRow } from '../sql-database';
import * as cold from './cold-values';
import { asAccountNumber, asArray, asCurrency, asInt, asIntOrNull, asMoney, asOneOf, asSlot, asText, asTxn } from './raw-values';
import { checkLeg } from './row-checks';
import { bounded, type TableText } from './table-text';

const STATES: readonly LegState[] = ['prepared', 'committed', 'aborted'];
const AUTHORIZATION_STATUSES: readonly AuthorizationStatus[] = ['open', 'capturing', 'captured', 'voided', 'expired'];

export const PAYMENT_TEXT: TableText<LegRow> = {
  table: 'payment',
  keyColumns: ['account', 'seq'],
  columns: ['txn', 'id', 'effect', 'amount_minor', 'state', 'prepared_at_ms', 'balance_after_minor', 'pinned', 'detail'],
  values(row, dialect) {
    checkLeg(row);
    const { scope, id } = splitPaymentKey(row.key);
    return [
      integer(row.slot),
      dialect.text(row.account),
      integer(row.seq),
      bytes(row.txn),
      dialect.text(bounded(id, MAX_TEXT_BYTES.id, 'id')),
      dialect.text(row.spec.effect),
      money(row.spec.amountMinor),
      dialect.text(row.state),
      integer(row.preparedAtMs),
      orNull(row.journal, (entry) => money(entry.balanceAfterMinor)),
      isPinned(row) ? '1' : '0',
      dialect.text(coldLeg(row, bounded(scope, MAX_TEXT_BYTES.scope, 'scope'))),
    ].join(',');
  },
  decode: legRow,
  keyOf: (row) => [row.slot, row.account, row.seq],
};

/** Never paged out: prepared, or an authorization that still holds money. */
function isPinned({ state, reservation }: LegRow): boolean {
  return state === 'prepared' || reservation?.status === 'open' || reservation?.status === 'capturing';
}

function coldLeg(row: LegRow, scope: string): string {
  const { body, journal, spec } = row;
  return cold.joinCold([
    cold.coldText(scope),
    integer(row.homeSlot),
    cold.coldText(spec.currency),
    cold.coldSubject(row.subject, scope),
    orNull(row.endedAtMs, integer),
    orNull(journal, (entry) => integer(entry.seq)),
    orNull(body, (paid) => cold.coldBody(paid, spec)),
    orNull(row.reason, cold.coldReason),
    orNull(row.reservation, coldReservation),
    `"${money(row.refundedMinor)}"`,
    `"${money(row.refundReservedMinor)}"`,
  ]);
}

export function legRow(raw: RawRow): LegRow {
  const parts = cold.decodeCold(raw['detail'], 'detail of a leg');
  const [scopeText, homeSlot, currency, subject, endedAtMs, journalSeq, body, reason, held, refunded, refundReserved] = parts;
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
    body: body === null ? null : cold.warmBody(body, spec),
    state: asOneOf(STATES, raw['state'], 'leg state'),
    reason: cold.warmReason(reason),
    preparedAtMs: asInt(raw['prepared_at_ms'], 'prepared at'),
    endedAtMs: asIntOrNull(endedAtMs, 'ended at'),
    journal: journalSeq === null ? null : { seq: asInt(journalSeq, 'journal seq'), balanceAfterMinor: asMoney(raw['balance_after_minor'], 'balance after') },
    reservation: held === null ? null : warmReservation(held),
    refundedMinor: BigInt(asText(refunded, 'refunded')),
    refundReservedMinor: BigInt(asText(refundReserved, 'refund reserved')),
  };
}

function coldReservation(held: Reservation): string {
  return `["${held.status}",${held.expiresAtMs},"${money(held.reservedMinor)}",${orNull(held.consumedBy, (txn) => `"${txn}"`)}]`;
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
