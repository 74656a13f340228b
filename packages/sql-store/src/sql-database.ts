/**
 * The port between the stores and the two kinds of database: a kysely instance, and what cannot be said in kysely alike
 * for both. Implemented by mysql/ and embedded/.
 */
import type { Kysely } from 'kysely';
import type { Failure } from './errors';
import type { Schema } from './schema/schema';
import type { SqlDialect } from './sql-dialect';

/** A row as the driver gives it, before a row codec has read it. */
export type RawRow = Readonly<Record<string, unknown>>;

export interface SqlDatabase {
  readonly dialect: SqlDialect;
  /** Connections of the work that somebody waits for. */
  readonly db: Kysely<Schema>;
  /** Connections for snapshots and installs, so that these never use up the others. The embedded database has one for all. */
  readonly bulk: Kysely<Schema>;
  /** The database itself is not there: nothing can be asked of it before `create`, which makes what is missing. */
  readonly isMissing: boolean;
  /** @throws StoreMisconfigured, StoreUnavailable */
  create(): Promise<void>;
  /** For migrations, which may take long: a connection of its own where there can be one. */
  withAdmin<Result>(work: (db: Kysely<Schema>) => Promise<Result>): Promise<Result>;
  /**
   * True if the bulk connection sees the database as of its first read while others write (InnoDB). The embedded database
   * cannot with its one connection; there the store keeps before-images.
   */
  readonly hasReadViews: boolean;
  /** Several SELECTs as one consistent read, in one round trip. Rejects with the driver's error. */
  readTogether(statements: readonly string[]): Promise<readonly (readonly RawRow[])[]>;
  classify(error: unknown): Failure;
  /** For messages: where this database is, without credentials. */
  readonly description: string;
  close(): Promise<void>;
}
