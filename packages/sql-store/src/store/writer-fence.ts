/**
 * Who may write a bucket's rows. Opening a bucket raises writer_epoch; every write locks the meta row and compares. So a
 * predecessor that is still dying either commits before the opener reads, or never.
 */
import type { Transaction } from 'kysely';
import { WriterFenced } from '@mas/resource-manager';
import type { BucketId } from '@mas/values';
import { BucketMetaDAO, type MetaRow } from '../dao/bucket-meta-dao';
import type { Schema } from '../schema/schema';
import type { SqlDialect } from '../sql-dialect';

export interface Fence {
  readonly bucket: BucketId;
  readonly writerEpoch: number;
}

/** @throws WriterFenced when the row says that somebody else has opened (or dropped) the bucket since. */
export function requireWriter(fence: Fence, row: MetaRow | null): MetaRow {
  if (row === null || row.dropped || row.writerEpoch !== fence.writerEpoch) throw new WriterFenced(fence.bucket);
  return row;
}

/** Locks the bucket's meta row until the SQL transaction ends. @throws WriterFenced */
export async function lockAsWriter(
  trx: Transaction<Schema>,
  dialect: SqlDialect,
  fence: Fence,
): Promise<{ readonly dao: BucketMetaDAO; readonly row: MetaRow }> {
  const dao = new BucketMetaDAO(trx, dialect, fence.bucket);
  return { dao, row: requireWriter(fence, await dao.lock()) };
}
