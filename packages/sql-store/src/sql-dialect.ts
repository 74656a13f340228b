/**
 * Where the SQL of MySQL/MariaDB and of SQLite differs, as text. Values that reach the database as literals (bulk
 * statements, multi-key lookups) pass through here and nowhere else, so this file is what keeps them from being code.
 */
import { invariant, present } from '@mas/values';
import { LoadLines } from './rows/load-lines';
import { RowLiterals } from './rows/row-literals';
import type { RowWriter, StatementLimits } from './rows/row-writer';

/** Where bulk rows go: every row begins with the same values of the `leading` columns, then come its own. */
export interface BulkTarget {
  readonly table: string;
  readonly leading: Readonly<Record<string, number>>;
  readonly keyColumns: readonly string[];
  readonly columns: readonly string[];
}

export interface SqlDialect {
  readonly name: 'mysql' | 'sqlite';
  /** A text column's literal: exactly the text's UTF-8 bytes. */
  text(value: string): string;
  /** A writer of statements after which the rows are there with these values, whether they were there before or not. */
  upserts(into: BulkTarget): RowWriter;
  /** `insert`, but rows that exist stay as they are. */
  readonly insertIfAbsent: string;
  /** Behind a table's name: use its primary key. MySQL else reads whole tables for a few hundred keys. */
  readonly byPrimaryKey: string;
  /** SELECT of the rows within `scope` whose `columns` equal one of `tuples`; as selectMatching. */
  selectByKeys(table: string, scope: string, columns: readonly string[], tuples: readonly (readonly string[])[]): string;
  /**
   * SELECT of the rows that meet `scope` and, for at least one of `tuples`, `condition` of its parts; in a form that both
   * read by primary key, tuple by tuple. `tuples` is not empty and its parts are literals.
   */
  selectMatching(table: string, scope: string, tuples: readonly (readonly string[])[], condition: (parts: readonly string[]) => string): string;
  /** Behind a SELECT: keep the row locked until the SQL transaction ends. */
  readonly forUpdate: string;
  /** True if statements run on our own thread, so that a long job must step aside between them. */
  readonly blocksThread: boolean;
  /** Condition that the key `columns` come behind `values`, in a form that the database turns into a range of its primary key. */
  behind(columns: readonly string[], values: readonly string[]): string;
  /** Deletes at most `limit` rows of `table` that meet `condition`. */
  deleteSome(table: string, condition: string, limit: number): string;
}

/** Printable ASCII without quote and backslash means itself in every SQL mode. */
const PLAIN = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/;
const HEX = /^(?:[0-9a-f]{2})*$/;

/** Text, which the server has to read as SQL. */
const MYSQL_TEXT: StatementLimits = { rows: 500, bytes: 128 * 1024 };
/** The embedded database works on our own thread: short statements let others have it in between. */
const SQLITE_TEXT: StatementLimits = { rows: 200, bytes: 128 * 1024 };
/** Each statement costs both sides as much as some hundred rows. Our thread is left to others in between (generation-rows.ts), and packets are shorter (local-load.ts). */
const MYSQL_FILE: StatementLimits = { rows: 4_000, bytes: 1024 * 1024 };

export const MYSQL: SqlDialect = {
  name: 'mysql',
  text: (value) => (PLAIN.test(value) ? `'${value}'` : hexText(Buffer.from(value, 'utf8'))),
  upserts: (into) => {
    // VALUES(column) is deprecated in MySQL 8 for an alias that MariaDB does not know; both still take it.
    const tail = ` on duplicate key update ${into.columns.map((name) => `${name}=values(${name})`).join(',')}`;
    return new RowLiterals(into.table, columnsOf(into), Object.values(into.leading), tail, hexText, MYSQL_TEXT);
  },
  insertIfAbsent: 'insert ignore into',
  byPrimaryKey: ' force index (primary)',
  forUpdate: ' for update',
  // Half the optimizer's time that alternatives take.
  selectByKeys: (table, scope, columns, tuples) =>
    `select * from ${table} force index (primary) where ${scope} and (${columns.join(',')}) in (${tuples.map((parts) => `(${parts.join(',')})`).join(',')})`,
  // MySQL makes ranges of the key from alternatives of constants.
  selectMatching: (table, scope, tuples, condition) =>
    `select * from ${table} force index (primary) where ${scope} and (${tuples.map((parts) => `(${condition(parts)})`).join(' or ')})`,
  blocksThread: false,
  // MySQL finds no range in (a, b) > (x, y).
  behind: (columns, values) => {
    const alternatives = columns.map((column, at) => {
      const equal = columns.slice(0, at).map((name, i) => `${name}=${present(values[i], 'key value')}`);
      return `(${[...equal, `${column}>${present(values[at], 'key value')}`].join(' and ')})`;
    });
    return `(${alternatives.join(' or ')})`;
  },
  deleteSome: (table, condition, limit) => `delete from ${table} where ${condition} limit ${integer(limit)}`,
};

export const SQLITE: SqlDialect = {
  name: 'sqlite',
  text: (value) => (PLAIN.test(value) ? `'${value}'` : sqliteHexText(Buffer.from(value, 'utf8'))),
  upserts: (into) => {
    const tail = ` on conflict do update set ${into.columns.map((name) => `${name}=excluded.${name}`).join(',')}`;
    return new RowLiterals(into.table, columnsOf(into), Object.values(into.leading), tail, sqliteHexText, SQLITE_TEXT);
  },
  insertIfAbsent: 'insert or ignore into',
  byPrimaryKey: '',
  // One connection, which holds the whole file: its SQL transactions run one after another anyway.
  forUpdate: '',
  selectByKeys: (table, scope, columns, tuples) =>
    SQLITE.selectMatching(table, scope, tuples, (parts) => columns.map((name, at) => `${name}=${present(parts[at], 'key part')}`).join(' and ')),
  // SQLite reads the whole bucket for alternatives; a list of tuples joined in this order it looks up one by one.
  selectMatching: (table, scope, tuples, condition) => {
    const names = present(tuples[0], 'tuple').map((_, at) => `k${at}`);
    const list = tuples.map((parts) => `(${parts.join(',')})`).join(',');
    return `with k(${names.join(',')}) as (values ${list}) select ${table}.* from k cross join ${table} where ${scope} and ${condition(names.map((name) => `k.${name}`))}`;
  },
  blocksThread: true,
  behind: (columns, values) => `(${columns.join(',')})>(${values.join(',')})`,
  deleteSome: (table, condition, limit) => `delete from ${table} where rowid in (select rowid from ${table} where ${condition} limit ${integer(limit)})`,
};

/** MySQL with a server that lets us send rows as a file: half the price for it and a fifth for us. */
export function loadRows(into: BulkTarget): RowWriter {
  return new LoadLines(into.table, columnsOf(into), Object.values(into.leading), MYSQL_FILE);
}

function columnsOf(into: BulkTarget): readonly string[] {
  return [...Object.keys(into.leading), ...into.keyColumns, ...into.columns];
}

function hexText(text: Buffer): string {
  return `x'${text.toString('hex')}'`;
}

/** libsql reads text up to a NUL only, but a byte string whole. */
function sqliteHexText(text: Buffer): string {
  return text.includes(0) ? hexText(text) : `cast(${hexText(text)} as text)`;
}

/** Literal of a byte string given in hexadecimal; the same in both. */
export function bytes(hex: string): string {
  invariant(HEX.test(hex), 'a byte literal is lower-case hexadecimal', { hex });
  return `x'${hex}'`;
}

export function integer(value: number): string {
  invariant(Number.isSafeInteger(value), 'an integer literal is a safe integer', { value });
  return String(value);
}
