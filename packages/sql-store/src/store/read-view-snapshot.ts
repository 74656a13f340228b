/** A snapshot through a read view of the server: one REPEATABLE READ SQL transaction on a connection of its own. */
import type { ControlledTransaction } from 'kysely';
import type { Checkpoint, SnapshotChunk, SnapshotReader } from '@mas/resource-manager';
import type { BucketId } from '@mas/values';
import { BucketMetaDAO, type MetaRow } from '../dao/bucket-meta-dao';
import type { Generation } from '../dao/generation-rows';
import type { RowKey } from '../rows/row-key';
import type { Schema } from '../schema/schema';
import type { SqlDatabase } from '../sql-database';
import { changedSince, chunkOf, ROWS_PER_CHUNK, rowsOf, SNAPSHOT_KINDS, textOf, type SnapshotRow } from './snapshot-kinds';
import { answered, unavailable } from './sql-transaction';

/**
 * @param when awaited on a connection of its own, before the view is made
 * @param require gives the meta row back, or throws what the reader shall hear
 * @throws StoreUnavailable, and what `require` throws
 */
export async function openReadViewSnapshot(
  database: SqlDatabase,
  bucket: BucketId,
  when: () => Promise<void>,
  require: (row: MetaRow | null) => MetaRow,
): Promise<SnapshotReader> {
  const what = `snapshot of bucket ${bucket}`;
  return answered(database, what, async () => {
    const trx = await database.bulk.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute();
    try {
      await when();
      // The first read makes the view.
      const row = require(await new BucketMetaDAO(trx, database.dialect, bucket).find());
      return new ReadViewSnapshot(database, trx, { bucket, generation: row.generation }, BucketMetaDAO.checkpointOf(row), what);
    } catch (error) {
      await trx.rollback().execute();
      throw error;
    }
  });
}

class ReadViewSnapshot implements SnapshotReader {
  private open = true;

  constructor(
    private readonly database: SqlDatabase,
    private readonly trx: ControlledTransaction<Schema>,
    private readonly at: Generation,
    readonly checkpoint: Checkpoint,
    private readonly what: string,
  ) {}

  async *chunks(kinds = SNAPSHOT_KINDS, sinceMs: number | null = null): AsyncIterable<SnapshotChunk> {
    for (const kind of kinds) {
      let after: RowKey | null = null;
      for (;;) {
        const rows = await this.page(kind, after, changedSince(kind, sinceMs));
        const last = rows.at(-1);
        if (last === undefined) break;
        yield chunkOf(kind, rows);
        if (rows.length < ROWS_PER_CHUNK) break;
        after = textOf(kind).keyOf(last);
      }
    }
  }

  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await this.trx.rollback().execute();
  }

  /** Never run again on another connection: it would see another moment. */
  private async page(kind: SnapshotChunk['kind'], after: RowKey | null, among: string): Promise<readonly SnapshotRow[]> {
    if (!this.open) throw unavailable(this.database, this.what, new Error('the snapshot was closed'), false);
    try {
      return await rowsOf(this.trx, this.database.dialect, this.at, kind).page(after, ROWS_PER_CHUNK, among);
    } catch (error) {
      if (this.database.classify(error) === 'other') throw error;
      throw unavailable(this.database, this.what, error, false);
    }
  }
}
