/** How a kind of row lies in its table: as values going in, as raw values coming out, by key in between. */
import type { Slot } from '@mas/values';
import type { GENERATION_TABLES } from '../schema/schema';
import type { RowKey } from './row-key';
import type { RowWriter } from './row-writer';
import type { RawRow } from '../sql-database';

export interface TableText<Row> {
  readonly table: (typeof GENERATION_TABLES)[number];
  /** Behind bucket, generation and slot. */
  readonly keyColumns: readonly string[];
  readonly columns: readonly string[];
  /** Values of slot, keyColumns and columns, in this order. */
  write(row: Row, to: RowWriter): void;
  decode(raw: RawRow): Row;
  keyOf(row: Row): RowKey;
}

/** What every row has. */
export interface RowInSlot {
  readonly slot: Slot;
}
