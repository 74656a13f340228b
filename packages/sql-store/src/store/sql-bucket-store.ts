/** BucketStore on a SQL database: one bucket as this process, its present writer, sees it. */
import { lockKey, type AccountRow, type LegRow, type LockRow, type OutcomeRow, type PinnedRows } from '@mas/ledger';
import {
  StoreUnavailable,
  type BucketStore,
  type Checkpoint,
  type CheckpointBatch,
  type IdentityChunk,
  type LoadedRows,
  type RowRequest,
  type SnapshotInstaller,
  type SnapshotReader,
  type StoredLegQuery,
} from '@mas/resource-manager';
import { invariant, slot, SLOT_COUNT, type AccountNumber, type BucketId, type Slot } from '@mas/values';
import { AccountDAO } from '../dao/account-dao';
import { LockDAO } from '../dao/lock-dao';
import { OutcomeDAO } from '../dao/outcome-dao';
import { PaymentDAO } from '../dao/payment-dao';
import type { Generation } from '../dao/generation-rows';
import type { RowKey } from '../rows/row-key';
import type { SqlDatabase } from '../sql-database';
import { BeforeImageSnapshots } from './before-image-snapshot';
import { writeCheckpoint } from './checkpoint-writer';
import type { GenerationSweeper } from './generation-sweeper';
import { openReadViewSnapshot } from './read-view-snapshot';
import { committedOnce } from './resolved-commit';
import { loadRows } from './row-loader';
import { answered } from './sql-transaction';
import { beginSqlInstall } from './sql-snapshot-installer';
import { requireWriter, type Fence } from './writer-fence';

const IDENTITIES_PER_PAGE = 5_000;
/** A scan for pinned rows asks for this many slots in one statement, so that none takes too long. */
const SLOTS_PER_SCAN = 256;
const LOCKS_PER_PAGE = 1_000;
/** load() asks again when the generation changed under it; only an install of our own does that. */
const MAX_GENERATION_CHANGES = 3;

export class SqlBucketStore implements BucketStore {
  private readonly snapshots: BeforeImageSnapshots;
  private closed = false;

  constructor(
    private readonly database: SqlDatabase,
    private readonly sweeper: GenerationSweeper,
    private readonly fence: Fence,
    /** Where reads begin; the meta row has the last word. */
    private generation: number,
  ) {
    this.snapshots = new BeforeImageSnapshots(database);
  }

  get bucket(): BucketId {
    return this.fence.bucket;
  }

  async load(request: RowRequest): Promise<LoadedRows> {
    this.requireOpen();
    for (let attempt = 0; attempt < MAX_GENERATION_CHANGES; attempt++) {
      const { meta, rows } = await loadRows(this.database, this.bucket, this.generation, request);
      const { generation } = requireWriter(this.fence, meta);
      if (generation === this.generation) return rows;
      this.generation = generation;
    }
    throw new StoreUnavailable(`load of bucket ${this.bucket}: its generation keeps changing`, false);
  }

  async checkpoint(batch: CheckpointBatch): Promise<void> {
    this.requireOpen();
    const { dialect, db } = this.database;
    await committedOnce(this.database, db, `checkpoint of bucket ${this.bucket}`, (trx) =>
      writeCheckpoint(trx, dialect, this.fence, batch, (executor, at) => this.snapshots.preserve(executor, at, batch)),
    );
  }

  async scanIdentities(visit: (chunk: IdentityChunk) => void): Promise<void> {
    this.requireOpen();
    const { bulk, dialect } = this.database;
    const payments = new PaymentDAO(bulk, dialect, this.at());
    for (let after: RowKey | null = null, more = true; more; ) {
      const { legs, last } = await this.read('scan', () => payments.identities(after, IDENTITIES_PER_PAGE));
      if (legs.length > 0) visit({ legs, outcomes: [] });
      more = legs.length === IDENTITIES_PER_PAGE;
      after = last;
    }
    const recorded = new OutcomeDAO(bulk, dialect, this.at());
    for (let after: RowKey | null = null, more = true; more; ) {
      const { outcomes, last } = await this.read('scan', () => recorded.identities(after, IDENTITIES_PER_PAGE));
      if (outcomes.length > 0) visit({ legs: [], outcomes });
      more = outcomes.length === IDENTITIES_PER_PAGE;
      after = last;
    }
  }

  async loadPinned(): Promise<PinnedRows> {
    this.requireOpen();
    const { bulk, dialect } = this.database;
    const payments = new PaymentDAO(bulk, dialect, this.at());
    const recorded = new OutcomeDAO(bulk, dialect, this.at());
    const legs: LegRow[] = [];
    const undelivered: OutcomeRow[] = [];
    for (let first = 0; first < SLOT_COUNT; first += SLOTS_PER_SCAN) {
      const [from, to] = [slot(first), slot(Math.min(first + SLOTS_PER_SCAN, SLOT_COUNT) - 1)];
      legs.push(...(await this.read('scan', () => payments.pinned(from, to))));
      undelivered.push(...(await this.read('scan', () => recorded.undelivered(from, to))));
    }
    return {
      prepared: legs.filter((leg) => leg.state === 'prepared'),
      openAuthorizations: legs.filter((leg) => leg.state === 'committed'),
      undelivered,
      locks: await this.locks(),
    };
  }

  async listLegs(query: StoredLegQuery): Promise<readonly LegRow[]> {
    this.requireOpen();
    return this.read('list', () => new PaymentDAO(this.database.db, this.database.dialect, this.at()).list(query));
  }

  async listAccounts(after: { readonly slot: Slot; readonly number: AccountNumber } | null, limit: number): Promise<readonly AccountRow[]> {
    this.requireOpen();
    const key = after === null ? null : [after.slot, after.number];
    return this.read('list', () => new AccountDAO(this.database.db, this.database.dialect, this.at()).page(key, limit));
  }

  async readSnapshot(when = async (): Promise<void> => undefined): Promise<SnapshotReader> {
    this.requireOpen();
    if (this.database.hasReadViews) return openReadViewSnapshot(this.database, this.bucket, when, (row) => requireWriter(this.fence, row));
    // Its one connection is never held for long.
    await when();
    return this.snapshots.start(this.fence, (generation) => this.protectWhileRead(generation));
  }

  async beginInstall(checkpoint: Checkpoint): Promise<SnapshotInstaller> {
    this.requireOpen();
    invariant(checkpoint.meta === null || checkpoint.meta.bucket === this.bucket, 'a snapshot is installed into its own bucket');
    return beginSqlInstall(this.database, this.fence, checkpoint, {
      protect: (generation) => this.sweeper.protect(this.bucket, generation),
      ended: (current) => {
        this.generation = current ?? this.generation;
        this.sweeper.start(this.bucket, this.fence.writerEpoch);
      },
    });
  }

  /** The connections belong to the AppliedStore. */
  async close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private async locks(): Promise<readonly LockRow[]> {
    const dao = new LockDAO(this.database.bulk, this.database.dialect, this.at());
    const locks: LockRow[] = [];
    for (let more = true; more; ) {
      const last = locks.at(-1);
      const page = await this.read('scan', () => dao.page(last === undefined ? null : [last.slot, lockKey(last)], LOCKS_PER_PAGE));
      locks.push(...page);
      more = page.length === LOCKS_PER_PAGE;
    }
    return locks;
  }

  /** A generation that was replaced while a snapshot read it goes when the snapshot ends. */
  private protectWhileRead(generation: number): () => void {
    const release = this.sweeper.protect(this.bucket, generation);
    return () => {
      release();
      if (generation !== this.generation) this.sweeper.start(this.bucket, this.fence.writerEpoch);
    };
  }

  private at(): Generation {
    return { bucket: this.bucket, generation: this.generation };
  }

  private read<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    return answered(this.database, `${what} of bucket ${this.bucket}`, work);
  }

  private requireOpen(): void {
    if (this.closed) throw new StoreUnavailable(`bucket ${this.bucket}: its store was closed`, false);
  }
}
