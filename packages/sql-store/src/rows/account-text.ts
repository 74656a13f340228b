/** AccountRow ↔ a row of `account`. */
import type { AccountRow, AccountStatus } from '@mas/ledger';
import { paymentKey, splitPaymentKey } from '@mas/values';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import type { RawRow } from '../sql-database';
import { asAccountNumber, asCurrency, asInt, asIntOrNull, asMoney, asOneOf, asSlot, asText, asTxn } from './raw-values';
import { checkAccount } from './row-checks';
import type { TableText } from './table-text';

const STATUSES: readonly AccountStatus[] = ['open', 'frozen', 'closed'];

export const ACCOUNT_TEXT: TableText<AccountRow> = {
  table: 'account',
  keyColumns: ['number'],
  columns: [
    ...['currency', 'status', 'balance_minor', 'holds_minor', 'pending_credits_minor', 'minimum_minor', 'rev', 'last_seq'],
    ...['journal_seq', 'created_at_ms', 'owner', 'created_scope', 'created_id', 'created_txn', 'created_us'],
  ],
  write(row, to) {
    checkAccount(row);
    const { scope, id } = splitPaymentKey(row.createdBy.key);
    to.integer(row.slot);
    to.text(row.number, MAX_TEXT_BYTES.account, 'account number');
    to.word(row.currency);
    to.word(row.status);
    to.money(row.balanceMinor);
    to.money(row.holdsMinor);
    to.money(row.pendingCreditsMinor);
    to.money(row.minimumMinor);
    to.integer(row.rev);
    to.integer(row.lastSeq);
    to.integer(row.journalSeq);
    to.integer(row.createdAtMs);
    to.text(row.owner, MAX_TEXT_BYTES.owner, 'owner');
    to.text(scope, MAX_TEXT_BYTES.scope, 'scope');
    to.text(id, MAX_TEXT_BYTES.id, 'id');
    to.byteString(row.createdBy.txn);
    if (row.createdUs === null) to.none();
    else to.integer(row.createdUs);
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
    createdUs: asIntOrNull(raw['created_us'], 'moment of creation'),
    createdBy: {
      key: paymentKey(asText(raw['created_scope'], 'scope'), asText(raw['created_id'], 'id')),
      txn: asTxn(raw['created_txn'], 'created by txn'),
    },
  };
}
