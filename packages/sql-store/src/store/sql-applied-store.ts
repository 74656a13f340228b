/** AppliedStore on a SQL database: which buckets are here, and the taking over of each. */
import type { AppliedStore, BucketStore, Checkpoint, OwnedStore, SnapshotReader, StoreOwner, StoreOwnership } from '@mas/resource-manager';
import { invariant, present, type BucketId, type Logger } from '@mas/values';
import { BucketMetaDAO } from '../dao/bucket-meta-dao';
import { StoreOwnerDAO } from '../dao/store-owner-dao';
import { migrate } from '../schema/migrate';
import type { SqlDatabase } from '../sql-database';
import { GenerationSweeper } from './generation-sweeper';
import { openReadViewSnapshot } from './read-view-snapshot';
import { committedOnce } from './resolved-commit';
import { answered, unavailable } from './sql-transaction';
import { isSameOwner } from './same-owner';
import { SqlBucketStore } from './sql-bucket-store';

export class SqlAppliedStore implements AppliedStore, OwnedStore {
  private readonly sweeper: GenerationSweeper;

  constructor(
    private readonly database: SqlDatabase,
    logger: Logger,
  ) {
    this.sweeper = new GenerationSweeper(database, logger);
  }

  async migrate(): Promise<void> {
    await this.database.create();
    try {
      await migrate(this.database);
    } catch (error) {
      if (this.database.classify(error) === 'other') throw error;
      throw unavailable(this.database, 'migration', error, false);
    }
  }

  ownership(): Promise<StoreOwnership> {
    if (this.database.isMissing) return Promise.resolve({ kind: 'empty' });
    return answered(this.database, 'owner of the database', () => StoreOwnerDAO.ownership(this.database.db, this.database.dialect));
  }

  claim(owner: StoreOwner): Promise<StoreOwner> {
    return committedOnce(this.database, this.database.db, 'claim of the database', async (trx) => {
      const dao = new StoreOwnerDAO(trx, this.database.dialect);
      await dao.insertIfAbsent(owner);
      return present(await dao.lock(), 'owner row');
    });
  }

  async takeOver(owner: StoreOwner, from: StoreOwner): Promise<void> {
    const found = await this.ownership();
    if (found.kind !== 'owned' || !isSameOwner(found.owner, from)) return;
    for (const bucket of await this.buckets()) await this.dropBucket(bucket);
    await committedOnce(this.database, this.database.db, 'taking over of the database', async (trx) => {
      const dao = new StoreOwnerDAO(trx, this.database.dialect);
      const current = await dao.lock();
      if (current !== null && isSameOwner(current, from)) await dao.replace(owner);
    });
  }

  buckets(): Promise<readonly BucketId[]> {
    return answered(this.database, 'list of buckets', () => BucketMetaDAO.hosted(this.database.db));
  }

  async openBucket(bucket: BucketId): Promise<{ readonly store: BucketStore; readonly checkpoint: Checkpoint }> {
    // Run again after a COMMIT of unknown effect it raises writer_epoch once more, which does no harm.
    const row = await committedOnce(this.database, this.database.db, `opening of bucket ${bucket}`, async (trx) => {
      const dao = new BucketMetaDAO(trx, this.database.dialect, bucket);
      await dao.createIfAbsent();
      return dao.raiseWriterEpoch(present(await dao.lock(), 'meta row'));
    });
    this.sweeper.start(bucket, row.writerEpoch);
    const store = new SqlBucketStore(this.database, this.sweeper, { bucket, writerEpoch: row.writerEpoch }, row.generation);
    return { store, checkpoint: BucketMetaDAO.checkpointOf(row) };
  }

  /**
   * A bucket's rows as they are now, for somebody who looks on: its writer stays its writer. On a SQL server only; an embedded
   * file belongs to one process. @throws StoreUnavailable
   */
  inspect(bucket: BucketId): Promise<SnapshotReader> {
    invariant(this.database.hasReadViews, 'only a SQL server can be looked at beside its writer');
    return openReadViewSnapshot(
      this.database,
      bucket,
      () => Promise.resolve(),
      (row) => present(row, `meta row of bucket ${bucket}`),
    );
  }

  async dropBucket(bucket: BucketId): Promise<void> {
    const epoch = await committedOnce(this.database, this.database.db, `dropping of bucket ${bucket}`, async (trx) => {
      const dao = new BucketMetaDAO(trx, this.database.dialect, bucket);
      const row = await dao.lock();
      if (row === null) return null;
      if (row.dropped) return row.writerEpoch;
      await dao.drop(row);
      return row.writerEpoch + 1;
    });
    if (epoch !== null) this.sweeper.start(bucket, epoch);
  }

  /** Resolves when no rows of old generations are being removed; for tests and maintenance. */
  swept(): Promise<void> {
    return this.sweeper.idle();
  }

  async close(): Promise<void> {
    await this.sweeper.stop();
    await this.database.close();
  }
}
