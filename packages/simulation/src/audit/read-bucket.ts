/** The rows that one replica's database holds of a bucket at rest, read past all judged code. */
import type { BucketRows } from '@mas/auditor';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from '@mas/ledger';
import { MemoryAppliedStore, type MemoryTables } from '@mas/sql-store';
import type { BucketId } from '@mas/values';

export async function readBucket(tables: MemoryTables, bucket: BucketId): Promise<BucketRows> {
  const { store } = await new MemoryAppliedStore(tables).openBucket(bucket);
  const reader = await store.readSnapshot();
  const rows = { accounts: [] as AccountRow[], legs: [] as LegRow[], outcomes: [] as OutcomeRow[], locks: [] as LockRow[] };
  for await (const chunk of reader.chunks()) (rows[chunk.kind] as unknown[]).push(...chunk.rows);
  return { bucket, appliedIndex: reader.checkpoint.applied.index, meta: reader.checkpoint.meta, ...rows };
}
