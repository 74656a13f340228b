/**
 * SqlDatabase in a file of this process, on libsql (SQLite 3.45). One connection, which holds the file exclusively: a second
 * process is refused at once, and the file's write-ahead log has one user (with several, this version can lose a reset).
 * It works on our own thread; kysely's mutex keeps other users of the connection out of an open SQL transaction.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { CompiledQuery, Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from 'kysely';
import Database from 'libsql';
import { StoreUnavailable } from '@mas/resource-manager';
import { StoreMisconfigured, type Failure } from '../errors';
import type { Schema } from '../schema/schema';
import { SQLITE } from '../sql-dialect';
import type { RawRow, SqlDatabase } from '../sql-database';
import { classifyEmbeddedError } from './embedded-errors';

export interface EmbeddedStoreOptions {
  /** Path of the database file; its folder is created. One file per RM, and one process per file. */
  readonly file: string;
}

/** WAL with FULL: a COMMIT is on disk when it returns; the log is truncated behind it. */
const PRAGMAS = ['locking_mode=exclusive', 'journal_mode=wal', 'synchronous=full', 'cache_size=-65536', 'foreign_keys=off'];

export class EmbeddedDatabase implements SqlDatabase {
  readonly dialect = SQLITE;
  readonly hasReadViews = false;
  /** Opening makes the file. */
  readonly isMissing = false;
  readonly db: Kysely<Schema>;
  readonly bulk: Kysely<Schema>;
  readonly description: string;

  /** @throws StoreMisconfigured, StoreUnavailable */
  constructor(options: EmbeddedStoreOptions) {
    this.description = `embedded database ${options.file}`;
    this.db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: new LibsqlConnection(open(options.file)) }) });
    this.bulk = this.db;
  }

  create(): Promise<void> {
    return Promise.resolve();
  }

  withAdmin<Result>(work: (db: Kysely<Schema>) => Promise<Result>): Promise<Result> {
    return work(this.db);
  }

  /** Nobody else gets the connection in between, so the statements see one state. */
  readTogether(statements: readonly string[]): Promise<readonly (readonly RawRow[])[]> {
    return this.db.connection().execute(async (connection) => {
      const results: (readonly RawRow[])[] = [];
      for (const statement of statements) results.push((await connection.executeQuery<RawRow>(CompiledQuery.raw(statement))).rows);
      return results;
    });
  }

  classify(error: unknown): Failure {
    return classifyEmbeddedError(error);
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}

/**
 * libsql as kysely wants it, with three corrections.
 * - Statements live until the garbage collector finds them, which knows nothing of their size: what returns no rows and
 *   takes no parameters (all bulk writes) runs without one.
 * - For the same reason `close` alone would leave the file locked: leaving WAL and exclusive mode gives it free.
 * - SQLite ends some SQL transactions by itself (disk full); a ROLLBACK after that would fail and hide the reason.
 */
class LibsqlConnection implements SqliteDatabase {
  constructor(private readonly database: Database.Database) {}

  prepare(sql: string): SqliteStatement {
    if (RETURNS_NOTHING.test(sql)) return this.direct(sql);
    return this.database.prepare(sql) as unknown as SqliteStatement;
  }

  close(): void {
    for (const pragma of CLOSING_PRAGMAS) this.database.exec(pragma);
    this.database.close();
  }

  private direct(sql: string): SqliteStatement {
    return {
      reader: false,
      all: () => [],
      run: (parameters) => {
        if (parameters.length > 0) return this.database.prepare(sql).run(parameters) as { changes: number; lastInsertRowid: number };
        if (sql !== 'rollback' || this.database.inTransaction) this.database.exec(sql);
        return { changes: 0, lastInsertRowid: 0 };
      },
      iterate: () => [][Symbol.iterator](),
    };
  }
}

const RETURNS_NOTHING = /^(?:insert|update|delete|begin|commit|rollback)\b/;
/** Leaving WAL writes it back into the file; the read makes the change of locking mode effective. */
const CLOSING_PRAGMAS = ['pragma journal_mode=delete', 'pragma locking_mode=normal', 'select count(*) from sqlite_schema'];

function open(file: string): Database.Database {
  if (file === '' || file.startsWith(':'))
    throw new StoreMisconfigured('file', `"${file}" is no path of a database file; give one, as in embedded:/var/lib/mas/rm1.db`);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Balances are nobody else's business. SQLite gives its write-ahead log the same mode.
    closeSync(openSync(file, 'a', 0o600));
    const database = new Database(file);
    for (const pragma of PRAGMAS) database.prepare(`pragma ${pragma}`).all();
    // Takes the lock now rather than at the first payment.
    database.exec('begin exclusive; commit');
    database.defaultSafeIntegers(true);
    return database;
  } catch (cause) {
    throw explain(cause, file);
  }
}

function explain(cause: unknown, file: string): Error {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'no code';
  if (code.startsWith('SQLITE_BUSY'))
    return new StoreUnavailable(`${file} is in use by another process: stop that one, or choose another file`, false, { cause });
  if (code.startsWith('SQLITE_NOTADB')) return new StoreMisconfigured('file', `${file} is not a database file: choose another path`, { cause });
  return new StoreMisconfigured('file', `${file} cannot be opened (${code}): check the path and its permissions`, { cause });
}
