/**
 * One process per data folder, and the same one for good. Two processes on one log, or a resource manager on another's,
 * would each undo what the other has promised; so the folder is locked and carries its owner's name before anything in it
 * is read. The lock is the kernel's, on a database file: it ends with the process, however that ends.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'libsql';
import { UsageError } from '../usage-error';

const LOCK_FILE = 'owner.db';
/** A predecessor that is ending may still hold the folder. */
const WAIT_MS = 2_000;

export class DataFolder {
  private constructor(
    readonly path: string,
    private readonly database: Database.Database,
    private readonly isNew: boolean,
  ) {}

  /**
   * @param owner who it belongs to, such as `rm-1`
   * @param chosenBy how its user names another
   * @throws UsageError when it is in use, another's, or cannot be written
   */
  static open(folder: string, owner: string, chosenBy = '--data (MAS_DATA)'): DataFolder {
    const path = resolve(folder);
    const database = openLocked(path, chosenBy);
    const found = (database.prepare('select name from owner').get() as { readonly name: string } | undefined)?.name;
    if (found === undefined) database.prepare('insert into owner values (?)').run(owner);
    else if (found !== owner) {
      database.exec('rollback');
      release(database);
      throw new UsageError(`${path} is the data folder of "${found}", not of "${owner}": give each a folder of its own with ${chosenBy}`);
    }
    database.exec('commit');
    // Exclusive locking mode keeps the lock after this transaction and until the connection closes.
    return new DataFolder(path, database, found === undefined);
  }

  /** What was kept under a name; undefined: nothing. */
  record(name: string): string | undefined {
    return (this.database.prepare('select value from record where name = ?').get(name) as { readonly value: string } | undefined)?.value;
  }

  /** Durable when it returns. */
  keep(name: string, value: string): void {
    this.database.prepare('insert into record (name, value) values (?, ?) on conflict (name) do update set value = excluded.value').run(name, value);
  }

  forget(name: string): void {
    this.database.prepare('delete from record where name = ?').run(name);
  }

  /** The start has failed. A folder that was nobody's before, and in which nothing was kept since, is nobody's again. */
  giveBack(): void {
    if (this.isNew && this.database.prepare('select 1 from record').get() === undefined) this.database.prepare('delete from owner').run();
    this.close();
  }

  close(): void {
    release(this.database);
  }
}

/** libsql's `close` alone waits for the garbage collector with the lock held; the read makes the change of mode effective. */
function release(database: Database.Database): void {
  database.exec('pragma locking_mode=normal; select count(*) from sqlite_schema');
  database.close();
}

/** One that somebody else made may be open. Where that cannot be changed (a mounted volume), its files are still closed, each by itself. */
function closeToOthers(path: string): void {
  try {
    chmodSync(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

function openLocked(path: string, chosenBy: string): Database.Database {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    closeToOthers(path);
    // Before the database makes it, with what the umask allows.
    closeSync(openSync(join(path, LOCK_FILE), 'a', 0o600));
    const database = new Database(join(path, LOCK_FILE), { timeout: WAIT_MS });
    database.prepare('pragma locking_mode=exclusive').all();
    database.exec(
      'begin exclusive; create table if not exists owner (name text not null); create table if not exists record (name text primary key not null, value text not null)',
    );
    return database;
  } catch (cause) {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'no code';
    if (code.startsWith('SQLITE_BUSY')) throw new UsageError(`${path} is in use by another process: stop that one, or give another folder with ${chosenBy}`);
    throw new UsageError(`${path} cannot be used as a data folder (${code}): check the path and its permissions`);
  }
}
