/** The four kinds of rows in the order in which a snapshot gives them. */
import type { Kysely } from 'kysely';
import type { SnapshotChunk } from '@mas/resource-manager';
import { unreachable } from '@mas/values';
import type { Generation } from '../dao/generation-rows';
import { GenerationRows } from '../dao/generation-rows';
import { ACCOUNT_TEXT } from '../rows/account-text';
import { LOCK_TEXT } from '../rows/lock-text';
import { OUTCOME_TEXT } from '../rows/outcome-text';
import { PAYMENT_TEXT } from '../rows/payment-text';
import type { TableText } from '../rows/table-text';
import type { Schema } from '../schema/schema';
import { integer, type SqlDialect } from '../sql-dialect';

export type SnapshotKind = SnapshotChunk['kind'];
export type SnapshotRow = SnapshotChunk['rows'][number];

export const SNAPSHOT_KINDS: readonly SnapshotKind[] = ['accounts', 'legs', 'outcomes', 'locks'];

/** Rows of one chunk; they are read on our thread in one piece, some milliseconds of it. */
export const ROWS_PER_CHUNK = 250;

/** A kind's table text; the pairing of kind and row type is restored by chunkOf. */
export function textOf(kind: SnapshotKind): TableText<SnapshotRow> {
  switch (kind) {
    case 'accounts':
      return ACCOUNT_TEXT as unknown as TableText<SnapshotRow>;
    case 'legs':
      return PAYMENT_TEXT as unknown as TableText<SnapshotRow>;
    case 'outcomes':
      return OUTCOME_TEXT as unknown as TableText<SnapshotRow>;
    case 'locks':
      return LOCK_TEXT as unknown as TableText<SnapshotRow>;
    default:
      return unreachable(kind, 'snapshot kind');
  }
}

/** A snapshot's `sinceMs` as a condition; empty: all rows. */
export function changedSince(kind: SnapshotKind, sinceMs: number | null): string {
  if (sinceMs === null) return '';
  if (kind === 'legs') return `(prepared_at_ms>=${integer(sinceMs)} or pinned=1)`;
  return kind === 'outcomes' ? `decided_at_ms>=${integer(sinceMs)}` : '';
}

export function rowsOf(executor: Kysely<Schema>, dialect: SqlDialect, at: Generation, kind: SnapshotKind): GenerationRows<SnapshotRow> {
  return new GenerationRows(executor, dialect, at, textOf(kind));
}

export function chunkOf(kind: SnapshotKind, rows: readonly SnapshotRow[]): SnapshotChunk {
  return { kind, rows } as SnapshotChunk;
}
