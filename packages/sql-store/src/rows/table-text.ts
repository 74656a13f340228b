/** How a kind of row lies in its table: as literals going in, as raw values coming out, by key in between. */
import { invariant } from '@mas/values';
import type { GENERATION_TABLES } from '../schema/schema';
import type { RowKey } from './row-key';
import type { SqlDialect } from '../sql-dialect';
import type { RawRow } from '../sql-database';

export interface TableText<Row> {
  readonly table: (typeof GENERATION_TABLES)[number];
  /** Behind bucket, generation and slot. */
  readonly keyColumns: readonly string[];
  readonly columns: readonly string[];
  /** Literals of slot, keyColumns and columns, separated by commas. */
  values(row: Row, dialect: SqlDialect): string;
  decode(raw: RawRow): Row;
  keyOf(row: Row): RowKey;
}

/** A text that is too long for its column stops us here rather than by an error in the middle of a batch. */
export function bounded(text: string, maxBytes: number, what: string): string {
  invariant(text.length <= maxBytes && Buffer.byteLength(text, 'utf8') <= maxBytes, `${what} has at most ${maxBytes} bytes`, { text });
  return text;
}
