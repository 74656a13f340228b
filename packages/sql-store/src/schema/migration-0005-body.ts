/**
 * The body of a payment as the bytes in which it was sealed, in a column of its own (ADR 14). Rows that are there keep theirs in
 * `detail` until they are written again. The column comes last and may be null, so that the databases add it without touching a row.
 */
import type { Kysely, Migration } from 'kysely';
import type { SqlDialect } from '../sql-dialect';
import { columnTypes } from './column-types';
import { BODY_COLUMN } from './schema';

export function bodyColumn(dialect: SqlDialect): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const tables = await db.introspection.getTables();
      for (const table of ['payment', 'outcome']) {
        // ADD COLUMN fails when repeated after a crash behind it.
        const columns = tables.find(({ name }) => name === table)?.columns ?? [];
        if (columns.some(({ name }) => name === BODY_COLUMN)) continue;
        await db.schema.alterTable(table).addColumn(BODY_COLUMN, columnTypes(dialect).body).execute();
      }
    },
  };
}
