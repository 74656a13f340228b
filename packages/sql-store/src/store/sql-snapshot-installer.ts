/**
 * A received snapshot, written beside the rows that count under a generation number of its own. `finish` makes it count,
 * together with its applied index, in one SQL transaction; a crash before that leaves rows that nobody reads and the
 * sweeper removes.
 */
import type { Checkpoint, SnapshotChunk, SnapshotInstaller } from '@mas/resource-manager';
import { invariant } from '@mas/values';
import type { SqlDatabase } from '../sql-database';
import { checkInstall } from './positions';
import { committedOnce } from './resolved-commit';
import { rowsOf } from './snapshot-kinds';
import { inTransaction } from './sql-transaction';
import { lockAsWriter, type Fence } from './writer-fence';

export interface InstallHooks {
  protect(generation: number): () => void;
  /** The install has ended; `current` is the generation that counts now, if it is this one. */
  ended(current: number | null): void;
}

/** Gives out the generation number. @throws StoreUnavailable, WriterFenced */
export async function beginSqlInstall(database: SqlDatabase, fence: Fence, checkpoint: Checkpoint, hooks: InstallHooks): Promise<SnapshotInstaller> {
  const what = `install into bucket ${fence.bucket}`;
  const generation = await inTransaction(database, database.bulk, what, async (trx) => {
    const { dao, row } = await lockAsWriter(trx, database.dialect, fence);
    return dao.nextGeneration(row);
  });
  return new SqlSnapshotInstaller(database, fence, checkpoint, generation, hooks, hooks.protect(generation), what);
}

class SqlSnapshotInstaller implements SnapshotInstaller {
  private open = true;

  constructor(
    private readonly database: SqlDatabase,
    private readonly fence: Fence,
    private readonly checkpoint: Checkpoint,
    private readonly generation: number,
    private readonly hooks: InstallHooks,
    private readonly release: () => void,
    private readonly what: string,
  ) {}

  async write(chunk: SnapshotChunk): Promise<void> {
    invariant(this.open, 'an install that has ended takes no more rows');
    const at = { bucket: this.fence.bucket, generation: this.generation };
    await inTransaction(this.database, this.database.bulk, this.what, (trx) => rowsOf(trx, this.database.dialect, at, chunk.kind).upsert(chunk.rows));
  }

  /** May be called again after StoreUnavailable. */
  async finish(): Promise<void> {
    invariant(this.open, 'an install is finished once');
    const { applied, confState, meta, blob } = this.checkpoint;
    await committedOnce(this.database, this.database.bulk, this.what, async (trx) => {
      const { dao, row } = await lockAsWriter(trx, this.database.dialect, this.fence);
      if (row.generation === this.generation) return;
      checkInstall(this.fence.bucket, row.applied, applied);
      await dao.setGeneration(this.generation);
      await dao.setCheckpoint(applied, confState, meta, blob);
    });
    this.end(this.generation);
  }

  async abandon(): Promise<void> {
    if (this.open) this.end(null);
    return Promise.resolve();
  }

  private end(current: number | null): void {
    this.open = false;
    this.release();
    this.hooks.ended(current);
  }
}
