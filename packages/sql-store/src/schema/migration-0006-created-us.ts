/** The moment of an account's creation (ADR 21). It comes last and may be null, so that the databases add it without touching a row. */
import type { Kysely, Migration } from 'kysely';
import type { SqlDialect } from '../sql-dialect';
import { columnTypes } from './column-types';

const COLUMN = 'created_us';

export function createdUs(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const columns = (await db.introspection.getTables()).find(({ name }) => name === 'account')?.columns ?? [];
      // ADD COLUMN fails when repeated after a crash behind it.
      if (!columns.some(({ name }) => name === COLUMN)) await db.schema.alterTable('account').addColumn(COLUMN, columnTypes(dialect).count).execute();
    },
  };
}
