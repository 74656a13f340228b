/**
 * Where the SQL of MySQL/MariaDB and of SQLite differs, as text. Values that reach the database as literals (bulk
 * statements, multi-key lookups) pass through here and nowhere else, so this file is what keeps them from being code.
 */
import { invariant, present } from '@mas/values';

export interface SqlDialect {
  readonly name: 'mysql' | 'sqlite';
  /** A text column's literal: exactly the text's UTF-8 bytes. */
  text(value: string): string;
  /** Behind VALUES: rows that exist take the new values of `columns`. */
  upsertTail(columns: readonly string[]): string;
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
  /** Rows of one bulk statement. The embedded database works on our own thread: short statements let others have it in between. */
  readonly maxRowsPerStatement: number;
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

export const MYSQL: SqlDialect = {
  name: 'mysql',
  text: (value) => (PLAIN.test(value) ? `'${value}'` : `x'${Buffer.from(value, 'utf8').toString('hex')}'`),
  // VALUES(column) is deprecated in MySQL 8 for an alias that MariaDB does not know; both still take it.
  upsertTail: (columns) => ` on duplicate key update ${columns.map((name) => `${name}=values(${name})`).join(',')}`,
  insertIfAbsent: 'insert ignore into',
  byPrimaryKey: ' force index (primary)',
  forUpdate: ' for update',
  // Half the optimizer's time that alternatives take.
  selectByKeys: (table, scope, columns, tuples) =>
    `select * from ${table} force index (primary) where ${scope} and (${columns.join(',')}) in (${tuples.map((parts) => `(${parts.join(',')})`).join(',')})`,
  // MySQL makes ranges of the key from alternatives of constants.
  selectMatching: (table, scope, tuples, condition) => `select * from ${table} force index (primary) where ${scope} and (${tuples.map((parts) => `(${condition(parts)})`).join(' or ')})`,
  maxRowsPerStatement: 1_000,
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
  text: (value) => {
    if (PLAIN.test(value)) return `'${value}'`;
    const hex = `x'${Buffer.from(value, 'utf8').toString('hex')}'`;
    // libsql reads text up to a NUL only, but a byte string whole.
    return value.includes('\0') ? hex : `cast(${hex} as text)`;
  },
  upsertTail: (columns) => ` on conflict do update set ${columns.map((name) => `${name}=excluded.${name}`).join(',')}`,
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
  maxRowsPerStatement: 200,
  blocksThread: true,
  behind: (columns, values) => `(${columns.join(',')})>(${values.join(',')})`,
  deleteSome: (table, condition, limit) => `delete from ${table} where rowid in (select rowid from ${table} where ${condition} limit ${integer(limit)})`,
};

/** Literal of a byte string given in hexadecimal; the same in both. */
export function bytes(hex: string): string {
  invariant(HEX.test(hex), 'a byte literal is lower-case hexadecimal', { hex });
  return `x'${hex}'`;
}

export function integer(value: number): string {
  invariant(Number.isSafeInteger(value), 'an integer literal is a safe integer', { value });
  return String(value);
}

export function money(value: bigint): string {
  return value.toString();
}

/** The word is SQL's and JSON's. */
export function orNull<Value>(value: Value | null, literal: (value: Value) => string): string {
  return value === null ? 'null' : literal(value);
}
