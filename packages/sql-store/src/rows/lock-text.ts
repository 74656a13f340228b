/** LockRow ↔ a row of `bucket_lock`. */
import type { LockRow } from '@mas/ledger';
import { MAX_TEXT_BYTES } from '../schema/column-types';
import type { RawRow } from '../sql-database';
import { asInt, asSlot, asText } from './raw-values';
import type { TableText } from './table-text';

export const LOCK_TEXT: TableText<LockRow> = {
  table: 'bucket_lock',
  keyColumns: ['lock_id'],
  columns: ['owner', 'token', 'until_ms'],
  write(row, to) {
    to.integer(row.slot);
    to.text(row.lockId, MAX_TEXT_BYTES.lockId, 'lock id');
    to.text(row.owner, MAX_TEXT_BYTES.owner, 'owner');
    to.integer(row.token);
    to.integer(row.untilMs);
  },
  decode: lockRow,
  keyOf: (row) => [row.slot, row.lockId],
};

export function lockRow(raw: RawRow): LockRow {
  return {
    slot: asSlot(raw['slot']),
    lockId: asText(raw['lock_id'], 'lock id'),
    owner: asText(raw['owner'], 'owner'),
    token: asInt(raw['token'], 'token'),
    untilMs: asInt(raw['until_ms'], 'until'),
  };
}
