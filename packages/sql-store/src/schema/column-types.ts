/** The same column in both databases. MySQL's text is VARBINARY: its collations disagree on whether "abc" equals "ABC". */
import { MAX_OWNER_LENGTH } from '@mas/ledger';
import { sql, type RawBuilder } from 'kysely';
import type { SqlDialect } from '../sql-dialect';

export interface ColumnTypes {
  readonly uint16: RawBuilder<unknown>;
  readonly uint32: RawBuilder<unknown>;
  /** Up to 2^53. */
  readonly count: RawBuilder<unknown>;
  readonly money: RawBuilder<unknown>;
  readonly txn: RawBuilder<unknown>;
  text(maxBytes: number): RawBuilder<unknown>;
  /** Cold values; up to 16 MiB. */
  readonly longText: RawBuilder<unknown>;
  /** A payment's body; up to 16 MiB. */
  readonly body: RawBuilder<unknown>;
  /** Behind CREATE TABLE (…). */
  readonly tableOptions: RawBuilder<unknown>;
}

const MYSQL_TYPES: ColumnTypes = {
  uint16: sql`smallint unsigned`,
  uint32: sql`int unsigned`,
  count: sql`bigint unsigned`,
  money: sql`bigint`,
  txn: sql`binary(32)`,
  text: (maxBytes) => sql.raw(`varbinary(${maxBytes})`),
  longText: sql`mediumblob`,
  body: sql`mediumblob`,
  tableOptions: sql`engine=InnoDB row_format=dynamic default charset=utf8mb4`,
};

/** SQLite's text compares as bytes by default. Rowid tables: rows this wide are slower in a WITHOUT ROWID table (measured: 77,000 against 125,000 rows/s). */
const SQLITE_TYPES: ColumnTypes = {
  uint16: sql`integer`,
  uint32: sql`integer`,
  count: sql`integer`,
  money: sql`integer`,
  txn: sql`blob`,
  text: () => sql`text`,
  longText: sql`text`,
  body: sql`blob`,
  tableOptions: sql``,
};

export function columnTypes(dialect: SqlDialect): ColumnTypes {
  return dialect.name === 'mysql' ? MYSQL_TYPES : SQLITE_TYPES;
}

/** Bytes that key columns and owners hold at most; a primary key of InnoDB may have 3,072. Every text that is accepted fits (row-limits.test.ts). */
export const MAX_TEXT_BYTES = { account: 64, scope: 512, id: 128, lockId: 128, owner: 3 * MAX_OWNER_LENGTH } as const;
