/** AccountRow ↔ a row of `account`. */
import type { AccountRow, AccountStatus } from '@mas/ledger';
import { paymentKey, splitPaymentKey } from '@mas/values';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import { bytes, integer, money } from '../sql-dialect';
import type { RawRow } from '../sql-database';
import { asAccountNumber, asCurrency, asInt, asMoney, asOneOf, asSlot, asText, asTxn } from './raw-values';
import { checkAccount } from './row-checks';
import { bounded, type TableText } from './table-text';

const STATUSES: readonly AccountStatus[] = ['open', 'frozen', 'closed'];

export const ACCOUNT_TEXT: TableText<AccountRow> = {
  table: 'account',
  keyColumns: ['number'],
  columns: [
    ...['currency', 'status', 'balance_minor', 'holds_minor', 'pending_credits_minor', 'minimum_minor', 'rev', 'last_seq'],
    ...['journal_seq', 'created_at_ms', 'owner', 'created_scope', 'created_id', 'created_txn'],
  ],
  values(row, dialect) {
    checkAccount(row);
    const { scope, id } = splitPaymentKey(row.createdBy.key);
    return [
      integer(row.slot),
      dialect.text(row.number),
      dialect.text(row.currency),
      dialect.text(row.status),
      money(row.balanceMinor),
      money(row.holdsMinor),
      money(row.pendingCreditsMinor),
      money(row.minimumMinor),
      integer(row.rev),
      integer(row.lastSeq),
      integer(row.journalSeq),
      integer(row.createdAtMs),
      dialect.text(bounded(row.owner, MAX_TEXT_BYTES.owner, 'owner')),
      dialect.text(bounded(scope, MAX_TEXT_BYTES.scope, 'scope')),
      dialect.text(bounded(id, MAX_TEXT_BYTES.id, 'id')),
      bytes(row.createdBy.txn),
    ].join(',');
  },
  decode: accountRow,
  keyOf: (row) => [row.slot, row.number],
};

export function accountRow(raw: RawRow): AccountRow {
  return {
    slot: asSlot(raw['slot']),
    number: asAccountNumber(raw['number']),
    currency: asCurrency(raw['currency']),
    status: asOneOf(STATUSES, raw['status'], 'account status'),
    owner: asText(raw['owner'], 'owner'),
    balanceMinor: asMoney(raw['balance_minor'], 'balance'),
    holdsMinor: asMoney(raw['holds_minor'], 'holds'),
    pendingCreditsMinor: asMoney(raw['pending_credits_minor'], 'pending credits'),
    minimumMinor: asMoney(raw['minimum_minor'], 'minimum'),
    rev: asInt(raw['rev'], 'rev'),
    lastSeq: asInt(raw['last_seq'], 'last seq'),
    journalSeq: asInt(raw['journal_seq'], 'journal seq'),
    createdAtMs: asInt(raw['created_at_ms'], 'created at'),
    createdBy: {
      key: paymentKey(asText(raw['created_scope'], 'scope'), asText(raw['created_id'], 'id')),
      txn: asTxn(raw['created_txn'], 'created by txn'),
    },
  };
}
