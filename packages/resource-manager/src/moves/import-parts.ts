/** Rows of all kinds in the parts in which they are sent to the bucket that takes them over: of bounded count, and of bounded bytes. */
import { MAX_ROWS_PER_PART, type AccountRow, type LegRow, type LockRow, type MovedRows, type OutcomeRow } from '@mas/ledger';
import { unreachable } from '@mas/values';
import type { SnapshotChunk } from '../applied-store';

export type MovedRow =
  | { readonly kind: 'accounts'; readonly row: AccountRow }
  | { readonly kind: 'legs'; readonly row: LegRow }
  | { readonly kind: 'outcomes'; readonly row: OutcomeRow }
  | { readonly kind: 'locks'; readonly row: LockRow };

export function rowsOfChunk(chunk: SnapshotChunk): readonly MovedRow[] {
  switch (chunk.kind) {
    case 'accounts':
      return chunk.rows.map((row) => ({ kind: 'accounts', row }));
    case 'legs':
      return chunk.rows.map((row) => ({ kind: 'legs', row }));
    case 'outcomes':
      return chunk.rows.map((row) => ({ kind: 'outcomes', row }));
    case 'locks':
      return chunk.rows.map((row) => ({ kind: 'locks', row }));
    default:
      return unreachable(chunk, 'snapshot chunk');
  }
}

/**
 * In order, with one row each at least.
 * @param bytesOf what a part costs on the wire and in the log
 */
export function* partsOf(rows: readonly MovedRow[], bytesOf: (rows: MovedRows) => number, maxBytes: number): Generator<MovedRows> {
  for (let from = 0; from < rows.length; from += MAX_ROWS_PER_PART) yield* within(rows.slice(from, from + MAX_ROWS_PER_PART), bytesOf, maxBytes);
}

/** Halved until it fits; a row alone goes as it is. */
function* within(rows: readonly MovedRow[], bytesOf: (rows: MovedRows) => number, maxBytes: number): Generator<MovedRows> {
  const part = byKind(rows);
  if (rows.length === 1 || bytesOf(part) <= maxBytes) {
    yield part;
    return;
  }
  const half = Math.ceil(rows.length / 2);
  yield* within(rows.slice(0, half), bytesOf, maxBytes);
  yield* within(rows.slice(half), bytesOf, maxBytes);
}

function byKind(rows: readonly MovedRow[]): MovedRows {
  const part = { accounts: [] as AccountRow[], legs: [] as LegRow[], outcomes: [] as OutcomeRow[], locks: [] as LockRow[] };
  for (const each of rows) {
    if (each.kind === 'accounts') part.accounts.push(each.row);
    else if (each.kind === 'legs') part.legs.push(each.row);
    else if (each.kind === 'outcomes') part.outcomes.push(each.row);
    else part.locks.push(each.row);
  }
  return part;
}
