/** Whose rows these are: one row, written once by the data folder that the database belongs to. */
import type { Kysely, Migration } from 'kysely';
import type { SqlDialect } from '../sql-dialect';
import { columnTypes } from './column-types';

const HEX_ID_BYTES = 32;

export function storeOwner(dialect: SqlDialect): Migration {
  const types = columnTypes(dialect);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('store_owner')
        .ifNotExists()
        .modifyEnd(types.tableOptions)
        .addColumn('one', types.uint16, (column) => column.notNull())
        .addColumn('cluster_id', types.text(HEX_ID_BYTES), (column) => column.notNull())
        .addColumn('rm', types.uint32, (column) => column.notNull())
        .addColumn('incarnation', types.text(HEX_ID_BYTES), (column) => column.notNull())
        .addPrimaryKeyConstraint('store_owner_key', ['one'])
        .execute();
    },
  };
}
