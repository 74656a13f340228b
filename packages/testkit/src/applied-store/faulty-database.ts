/**
 * A database as a test makes it fail: silent, down, unreadable, with a COMMIT whose answer is lost. It outlives the processes that open
 * it; what it does with rows is MemoryAppliedStore's.
 */
import type { BucketId } from '@mas/values';
import { MemoryAppliedStore, type StoreFault, type StoreOperation } from './memory-store';
import { MemoryTables, type MemoryBucket } from './memory-tables';

/** Small chunks, so that nothing may depend on their size. */
const ROWS_PER_CHUNK = 2;
const READS: readonly StoreOperation[] = ['load', 'scan', 'list', 'snapshot'];

export class FaultyDatabase {
  /** Nothing is answered while true. */
  down = false;
  /** Thrown by whatever reads rows: a row that was not written by us, or an error that no waiting mends. */
  unreadable: Error | null = null;
  /** Thrown by every checkpoint: a row that no column takes. */
  unwritable: Error | null = null;
  /** Whose rows these two are about; null: all. */
  faultyBucket: BucketId | null = null;
  /** The next so many checkpoints take effect and are not answered. */
  lostCommits = 0;
  loads = 0;
  lists = 0;
  /** Awaited by everything that reads or writes rows. */
  gate: Promise<void> | null = null;
  /** Awaited by every checkpoint, while rows are read as ever: there is much to write. */
  writing: Promise<void> | null = null;
  private readonly tables = new MemoryTables(ROWS_PER_CHUNK);

  /** A connection of one process; `isAlive` turns false when that process is killed. */
  connect(isAlive: () => boolean): MemoryAppliedStore {
    return new MemoryAppliedStore(this.tables, (operation, bucket) => this.fault(operation, bucket, isAlive));
  }

  table(bucket: BucketId): MemoryBucket {
    return this.tables.bucket(bucket);
  }

  private async fault(operation: StoreOperation, bucket: BucketId | null, isAlive: () => boolean): Promise<StoreFault> {
    // A process opens its tables whatever becomes of them later.
    if (operation === 'migrate' || operation === 'own' || operation === 'open' || operation === 'drop') return 'none';
    if (this.gate !== null) await this.gate;
    if (operation === 'checkpoint' && this.writing !== null) await this.writing;
    if (!isAlive()) return new Promise(() => undefined);
    if (this.down) return 'unavailable';
    const isFaulty = bucket !== null && (this.faultyBucket === null || this.faultyBucket === bucket);
    const error = READS.includes(operation) ? this.unreadable : operation === 'checkpoint' ? this.unwritable : null;
    if (isFaulty && error !== null) throw error;
    if (operation === 'load') this.loads += 1;
    if (operation === 'list') this.lists += 1;
    if (operation !== 'checkpoint' || this.lostCommits === 0) return 'none';
    this.lostCommits -= 1;
    return 'answer-lost';
  }
}
