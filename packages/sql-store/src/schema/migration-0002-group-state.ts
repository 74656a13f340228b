/** The state of a group without accounts (the meta group's placement map), beside where its rows stand in the log. */
import type { Kysely, Migration } from 'kysely';
import type { SqlDialect } from '../sql-dialect';
import { columnTypes } from './column-types';

export function groupState(dialect: SqlDialect): Migration {
  const types = columnTypes(dialect);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      // ADD COLUMN fails when repeated after a crash behind it: MySQL has no transactional DDL and no IF NOT EXISTS here.
      const tables = await db.introspection.getTables();
      const columns = tables.find(({ name }) => name === 'bucket_meta')?.columns ?? [];
      if (columns.some(({ name }) => name === 'group_state')) return;
      await db.schema.alterTable('bucket_meta').addColumn('group_state', types.longText).execute();
    },
  };
}
