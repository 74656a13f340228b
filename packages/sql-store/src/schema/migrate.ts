/**
 * Creates or upgrades the tables. Kysely's migrator takes a lock of the server (GET_LOCK; the embedded file has one
 * owner anyway), so any number of processes may migrate at once; a process that dies in the middle loses the lock with
 * its connection and the next one repeats the migration, whose steps are harmless when repeated.
 */
import { Migrator, type Kysely } from 'kysely';
import { StoreMisconfigured } from '../errors';
import type { SqlDatabase } from '../sql-database';
import { columnTypes, type ColumnTypes } from './column-types';
import { tables } from './migration-0001-tables';
import { groupState } from './migration-0002-group-state';
import { wideOwner } from './migration-0003-wide-owner';
import type { Schema } from './schema';
import { storeOwner } from './migration-0004-store-owner';
import { bodyColumn } from './migration-0005-body';
import { createdUs } from './migration-0006-created-us';

/** @throws StoreMisconfigured when the tables were made by a newer version; the driver's error when the database fails. */
export async function migrate(database: SqlDatabase): Promise<void> {
  const migrations = {
    '0001-tables': tables(database.dialect),
    '0002-group-state': groupState(database.dialect),
    '0003-wide-owner': wideOwner(database.dialect),
    '0004-store-owner': storeOwner(database.dialect),
    '0005-body': bodyColumn(database.dialect),
    '0006-created-us': createdUs(database.dialect),
  };
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error, results } = await database.withAdmin(async (db) => {
    if (database.dialect.name === 'mysql') await migratorTables(db, columnTypes(database.dialect));
    return new Migrator({ db, provider }).migrateToLatest();
  });
  if (error === undefined) return;
  if (error instanceof Error && /previously executed migration .* is missing|corrupted migrations/.test(error.message)) {
    const advice = 'the tables were made by a newer version of this program: run that one, or give this one a database of its own';
    throw new StoreMisconfigured('schema', `${database.description}: ${advice} (${error.message})`, { cause: error });
  }
  const failed = results?.find((result) => result.status === 'Error')?.migrationName;
  if (failed !== undefined && error instanceof Error) error.message = `migration ${failed}: ${error.message}`;
  throw error;
}

/**
 * The migrator's own tables, which it else makes by the server's defaults: with a compact row format and four bytes a character
 * their keys are too long.
 */
async function migratorTables(db: Kysely<Schema>, { tableOptions }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('kysely_migration')
    .ifNotExists()
    .modifyEnd(tableOptions)
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('kysely_migration_lock')
    .ifNotExists()
    .modifyEnd(tableOptions)
    .addColumn('id', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('is_locked', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
}
