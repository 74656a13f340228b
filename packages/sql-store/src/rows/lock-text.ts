/**
 * LockRow ↔ a row of `bucket_lock`. The key is lockKey: an exclusive lock's id, else id and owner with a space between; behind a
 * space in `owner` comes who holds it. Ids and handles hold none; in a handle it would be written as %20.
 */
import { BROKEN_OWNER, lockKey, type LockRow } from '@mas/ledger';
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
    to.text(lockKey(row), MAX_TEXT_BYTES.lockId, 'lock id');
    to.text(row.heldBy === '' ? unspaced(row.owner) : `${unspaced(row.owner)} ${row.heldBy}`, MAX_TEXT_BYTES.owner, 'owner');
    to.integer(row.token);
    to.integer(row.untilMs);
  },
  decode: lockRow,
  keyOf: (row) => [row.slot, lockKey(row)],
};

export function lockRow(raw: RawRow): LockRow {
  const [lockId, sharedBy] = halves(asText(raw['lock_id'], 'lock id'));
  const [owner, heldBy] = halves(asText(raw['owner'], 'owner'));
  return {
    slot: asSlot(raw['slot']),
    lockId,
    mode: sharedBy === '' ? 'exclusive' : sharedBy === BROKEN_OWNER ? 'broken' : 'shared',
    owner: owner.replace(/%(20|25)/g, decodeURIComponent),
    heldBy,
    token: asInt(raw['token'], 'token'),
    untilMs: asInt(raw['until_ms'], 'until'),
  };
}

function unspaced(owner: string): string {
  return owner.replace(/[% ]/g, encodeURIComponent);
}

/** Around the first space. */
function halves(text: string): readonly [string, string] {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
