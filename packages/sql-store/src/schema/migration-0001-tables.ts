/** The first tables. MySQL has no transactional DDL: every step is harmless when repeated after a crash in the middle. */
import type { CreateTableBuilder, Kysely, Migration } from 'kysely';
import type { SqlDialect } from '../sql-dialect';
import { columnTypes, MAX_TEXT_BYTES, type ColumnTypes } from './column-types';

export function tables(dialect: SqlDialect): Migration {
  const types = columnTypes(dialect);
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await accountTable(db, types);
      await paymentTable(db, types);
      await outcomeTable(db, types);
      await bucketLockTable(db, types);
      await bucketMetaTable(db, types);
    },
  };
}

type KeyColumns = 'bucket' | 'generation' | 'slot';

function bucketTable(db: Kysely<unknown>, types: ColumnTypes, name: string): CreateTableBuilder<string, KeyColumns> {
  return db.schema
    .createTable(name)
    .ifNotExists()
    .modifyEnd(types.tableOptions)
    .addColumn('bucket', types.uint16, (column) => column.notNull())
    .addColumn('generation', types.uint32, (column) => column.notNull())
    .addColumn('slot', types.uint16, (column) => column.notNull());
}

async function accountTable(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await bucketTable(db, types, 'account')
    .addColumn('number', types.text(MAX_TEXT_BYTES.account), (column) => column.notNull())
    .addColumn('currency', types.text(3), (column) => column.notNull())
    .addColumn('status', types.text(10), (column) => column.notNull())
    .addColumn('balance_minor', types.money, (column) => column.notNull())
    .addColumn('holds_minor', types.money, (column) => column.notNull())
    .addColumn('pending_credits_minor', types.money, (column) => column.notNull())
    .addColumn('minimum_minor', types.money, (column) => column.notNull())
    .addColumn('rev', types.count, (column) => column.notNull())
    .addColumn('last_seq', types.count, (column) => column.notNull())
    .addColumn('journal_seq', types.count, (column) => column.notNull())
    .addColumn('created_at_ms', types.count, (column) => column.notNull())
    .addColumn('owner', types.text(MAX_TEXT_BYTES.owner), (column) => column.notNull())
    .addColumn('created_scope', types.text(MAX_TEXT_BYTES.scope), (column) => column.notNull())
    .addColumn('created_id', types.text(MAX_TEXT_BYTES.id), (column) => column.notNull())
    .addColumn('created_txn', types.txn, (column) => column.notNull())
    .addPrimaryKeyConstraint('account_key', ['bucket', 'generation', 'slot', 'number'])
    .execute();
}

async function paymentTable(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await bucketTable(db, types, 'payment')
    .addColumn('account', types.text(MAX_TEXT_BYTES.account), (column) => column.notNull())
    .addColumn('seq', types.count, (column) => column.notNull())
    .addColumn('txn', types.txn, (column) => column.notNull())
    .addColumn('id', types.text(MAX_TEXT_BYTES.id), (column) => column.notNull())
    .addColumn('effect', types.text(16), (column) => column.notNull())
    .addColumn('amount_minor', types.money, (column) => column.notNull())
    .addColumn('state', types.text(10), (column) => column.notNull())
    .addColumn('prepared_at_ms', types.count, (column) => column.notNull())
    .addColumn('balance_after_minor', types.money)
    .addColumn('pinned', types.uint16, (column) => column.notNull())
    .addColumn('detail', types.longText, (column) => column.notNull())
    .addPrimaryKeyConstraint('payment_key', ['bucket', 'generation', 'slot', 'account', 'seq'])
    .execute();
}

async function outcomeTable(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await bucketTable(db, types, 'outcome')
    .addColumn('scope', types.text(MAX_TEXT_BYTES.scope), (column) => column.notNull())
    .addColumn('id', types.text(MAX_TEXT_BYTES.id), (column) => column.notNull())
    .addColumn('txn', types.txn, (column) => column.notNull())
    .addColumn('decision', types.text(10), (column) => column.notNull())
    .addColumn('decided_at_ms', types.count, (column) => column.notNull())
    .addColumn('untold_count', types.uint16, (column) => column.notNull())
    .addColumn('detail', types.longText, (column) => column.notNull())
    .addPrimaryKeyConstraint('outcome_key', ['bucket', 'generation', 'slot', 'scope', 'id'])
    .execute();
}

async function bucketLockTable(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await bucketTable(db, types, 'bucket_lock')
    .addColumn('lock_id', types.text(MAX_TEXT_BYTES.lockId), (column) => column.notNull())
    .addColumn('owner', types.text(MAX_TEXT_BYTES.owner), (column) => column.notNull())
    .addColumn('token', types.count, (column) => column.notNull())
    .addColumn('until_ms', types.count, (column) => column.notNull())
    .addPrimaryKeyConstraint('bucket_lock_key', ['bucket', 'generation', 'slot', 'lock_id'])
    .execute();
}

async function bucketMetaTable(db: Kysely<unknown>, types: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('bucket_meta')
    .ifNotExists()
    .modifyEnd(types.tableOptions)
    .addColumn('bucket', types.uint16, (column) => column.notNull())
    .addColumn('writer_epoch', types.count, (column) => column.notNull())
    .addColumn('dropped', types.uint16, (column) => column.notNull())
    .addColumn('generation', types.uint32, (column) => column.notNull())
    .addColumn('generation_seq', types.uint32, (column) => column.notNull())
    .addColumn('applied_index', types.count, (column) => column.notNull())
    .addColumn('applied_term', types.count, (column) => column.notNull())
    .addColumn('stamp_ms', types.count, (column) => column.notNull())
    .addColumn('rev', types.count, (column) => column.notNull())
    .addColumn('lock_seq', types.count, (column) => column.notNull())
    .addColumn('epoch', types.count, (column) => column.notNull())
    .addColumn('account_count', types.count, (column) => column.notNull())
    .addColumn('conf_state', types.longText)
    .addColumn('detail', types.longText)
    .addPrimaryKeyConstraint('bucket_meta_key', ['bucket'])
    .execute();
}
