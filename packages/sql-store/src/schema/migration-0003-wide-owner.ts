/**
 * An owner's name has up to 256 characters, which are up to 768 bytes; the first tables had room for 512. A bucket with a
 * longer one in its log could not be checkpointed: with the wider column it can.
 */
import type { Kysely, Migration } from 'kysely';
import type { SqlDialect } from '../sql-dialect';
import { columnTypes, MAX_TEXT_BYTES } from './column-types';

export function wideOwner(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      // SQLite's text has no length.
      if (dialect.name === 'sqlite') return;
      await db.schema
        .alterTable('account')
        .modifyColumn('owner', columnTypes(dialect).text(MAX_TEXT_BYTES.owner), (column) => column.notNull())
        .execute();
    },
  };
}
