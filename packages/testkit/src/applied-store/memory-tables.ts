/** What outlives a crash of a MemoryAppliedStore's process: the tables of one RM's database. */
import type { Checkpoint, StoreOwner } from '@mas/resource-manager';
import type { BucketId } from '@mas/values';
import { MemoryRows } from './memory-rows';

export interface MemoryBucket {
  writerEpoch: number;
  dropped: boolean;
  checkpoint: Checkpoint;
  rows: MemoryRows;
}

export const EMPTY_CHECKPOINT: Checkpoint = { applied: { index: 0, term: 0 }, confState: null, meta: null, blob: null };

const ROWS_PER_CHUNK = 1_000;

export class MemoryTables {
  owner: StoreOwner | null = null;
  readonly buckets = new Map<BucketId, MemoryBucket>();

  /** @param rowsPerChunk of a snapshot */
  constructor(readonly rowsPerChunk = ROWS_PER_CHUNK) {}

  bucket(id: BucketId): MemoryBucket {
    const known = this.buckets.get(id);
    if (known !== undefined) return known;
    const created: MemoryBucket = { writerEpoch: 0, dropped: true, checkpoint: EMPTY_CHECKPOINT, rows: new MemoryRows() };
    this.buckets.set(id, created);
    return created;
  }

  /** As a backup of this moment, restored into a database of its own. */
  copy(): MemoryTables {
    const copied = new MemoryTables(this.rowsPerChunk);
    copied.owner = this.owner;
    for (const [id, bucket] of this.buckets) copied.buckets.set(id, { ...bucket, rows: bucket.rows.copy() });
    return copied;
  }
}
