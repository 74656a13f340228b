/** The rows that one replica's database holds of a bucket at rest, read past all judged code. */
import { rowsOf, type BucketRows } from '@mas/auditor';
import { MemoryAppliedStore, type MemoryTables } from '@mas/testkit/applied-store';
import type { BucketId } from '@mas/values';

export async function readBucket(tables: MemoryTables, bucket: BucketId): Promise<BucketRows> {
  const { store } = await new MemoryAppliedStore(tables).openBucket(bucket);
  return rowsOf(bucket, await store.readSnapshot());
}
