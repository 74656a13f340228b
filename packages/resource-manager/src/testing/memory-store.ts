/**
 * An AppliedStore in memory with the faults that a database has: silent, slow, a COMMIT without an answer, an older
 * process that is fenced off. A MemoryDatabase outlives the processes that open it.
 */
import type { AccountRow, LegRow, OutcomeRow, PinnedRows } from '@mas/ledger';
import { MemoryRows } from '@mas/ledger';
import type { AccountNumber, BucketId, Slot } from '@mas/values';
import {
  StoreUnavailable,
  WriterFenced,
  type AppliedStore,
  type BucketStore,
  type Checkpoint,
  type CheckpointBatch,
  type IdentityChunk,
  type LoadedRows,
  type RowRequest,
  type SnapshotChunk,
  type SnapshotInstaller,
  type SnapshotReader,
  type StoredLegQuery,
} from '../applied-store';

interface Table {
  rows: MemoryRows;
  checkpoint: Checkpoint;
  writerEpoch: number;
}

const EMPTY: Checkpoint = { applied: { index: 0, term: 0 }, confState: null, meta: null, blob: null };

export class MemoryDatabase {
  readonly tables = new Map<BucketId, Table>();
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
  checkpoints = 0;
  /** Awaited by every load and checkpoint. */
  gate: Promise<void> | null = null;

  /** A connection of one process; `isAlive` turns false when that process is killed. */
  connect(isAlive: () => boolean): AppliedStore {
    return new MemoryAppliedStore(this, isAlive);
  }

  table(bucket: BucketId): Table {
    let table = this.tables.get(bucket);
    if (table === undefined) {
      table = { rows: new MemoryRows(), checkpoint: EMPTY, writerEpoch: 0 };
      this.tables.set(bucket, table);
    }
    return table;
  }
}

class MemoryAppliedStore implements AppliedStore {
  constructor(
    private readonly database: MemoryDatabase,
    private readonly isAlive: () => boolean,
  ) {}

  migrate(): Promise<void> {
    return Promise.resolve();
  }

  async buckets(): Promise<readonly BucketId[]> {
    await turnOf(this.database, this.isAlive);
    return [...this.database.tables.keys()];
  }

  openBucket(bucket: BucketId): Promise<{ readonly store: BucketStore; readonly checkpoint: Checkpoint }> {
    const table = this.database.table(bucket);
    table.writerEpoch += 1;
    return Promise.resolve({ store: new MemoryBucketStore(bucket, this.database, table.writerEpoch, this.isAlive), checkpoint: table.checkpoint });
  }

  dropBucket(bucket: BucketId): Promise<void> {
    this.database.tables.delete(bucket);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class MemoryBucketStore implements BucketStore {
  constructor(
    readonly bucket: BucketId,
    private readonly database: MemoryDatabase,
    private readonly epoch: number,
    private readonly isAlive: () => boolean,
  ) {}

  async load(request: RowRequest): Promise<LoadedRows> {
    await this.turn();
    this.raise(this.database.unreadable);
    this.database.loads += 1;
    const { rows } = this.table();
    return {
      accounts: request.accounts.flatMap((number) => rows.account(number) ?? []),
      legs: request.legs.flatMap(({ account, txn, seqRanges }) => {
        const leg = rows.leg(account, txn);
        return leg !== undefined && seqRanges.some(({ from, to }) => from <= leg.seq && leg.seq <= to) ? [leg] : [];
      }),
      outcomes: request.outcomes.flatMap((key) => rows.outcome(key) ?? []),
    };
  }

  async checkpoint(batch: CheckpointBatch): Promise<void> {
    await this.turn();
    this.raise(this.database.unwritable);
    const table = this.table();
    if (table.writerEpoch !== this.epoch) throw new WriterFenced(this.bucket);
    if (table.checkpoint.applied.index === batch.applied.index) return;
    if (table.checkpoint.applied.index !== batch.previous.index) throw new Error(`checkpoint behind ${batch.previous.index}, but the table stands at ${table.checkpoint.applied.index}`);
    for (const row of [...batch.accounts, ...batch.legs, ...batch.outcomes]) Object.freeze(row);
    for (const row of batch.accounts) table.rows.putAccount(row);
    for (const row of batch.legs) table.rows.putLeg(row);
    for (const row of batch.outcomes) table.rows.putOutcome(row);
    for (const row of batch.locks) table.rows.putLock(row);
    for (const { slot, key } of batch.removedLocks) table.rows.removeLock(slot, key);
    table.checkpoint = { applied: batch.applied, confState: batch.confState, meta: batch.meta, blob: batch.blob === undefined ? table.checkpoint.blob : batch.blob };
    this.database.checkpoints += 1;
    if (this.database.lostCommits > 0) {
      this.database.lostCommits -= 1;
      throw new StoreUnavailable('the connection was lost during COMMIT', true);
    }
  }

  async scanIdentities(visit: (chunk: IdentityChunk) => void): Promise<void> {
    await this.turn();
    const { rows } = this.table();
    visit({ legs: rows.sortedLegs().map(({ account, seq, txn }) => ({ account, seq, txn })), outcomes: rows.sortedOutcomes().map(({ key }) => key) });
  }

  async loadPinned(): Promise<PinnedRows> {
    await this.turn();
    this.raise(this.database.unreadable);
    const { rows } = this.table();
    return {
      prepared: rows.sortedLegs().filter(({ state }) => state === 'prepared'),
      openAuthorizations: rows.sortedLegs().filter(({ reservation }) => reservation?.status === 'open' || reservation?.status === 'capturing'),
      undelivered: rows.sortedOutcomes().filter(({ untold }) => untold.length > 0),
      locks: rows.sortedLocks(),
    };
  }

  async listLegs(query: StoredLegQuery): Promise<readonly LegRow[]> {
    await this.turn();
    this.raise(this.database.unreadable);
    const sign = query.direction === 'newest-first' ? -1 : 1;
    return this.table()
      .rows.sortedLegs()
      .filter((leg) => leg.account === query.account && (query.state === null || leg.state === query.state))
      .filter((leg) => query.cursorSeq === null || sign * (leg.seq - query.cursorSeq) > 0)
      .sort((a, b) => sign * (a.seq - b.seq))
      .slice(0, query.limit);
  }

  async listAccounts(after: { readonly slot: Slot; readonly number: AccountNumber } | null, limit: number): Promise<readonly AccountRow[]> {
    await this.turn();
    this.raise(this.database.unreadable);
    const rows = this.table().rows.sortedAccounts();
    return rows.filter((row) => after === null || row.slot > after.slot || (row.slot === after.slot && row.number > after.number)).slice(0, limit);
  }

  async readSnapshot(): Promise<SnapshotReader> {
    await this.turn();
    this.raise(this.database.unreadable);
    const { rows, checkpoint } = this.table();
    const all: readonly SnapshotChunk[] = [
      ...inTwos(rows.sortedAccounts()).map((some) => ({ kind: 'accounts' as const, rows: some })),
      ...inTwos(rows.sortedLegs()).map((some) => ({ kind: 'legs' as const, rows: some })),
      ...inTwos<OutcomeRow>(rows.sortedOutcomes()).map((some) => ({ kind: 'outcomes' as const, rows: some })),
      ...inTwos(rows.sortedLocks()).map((some) => ({ kind: 'locks' as const, rows: some })),
    ];
    return {
      checkpoint,
      chunks: async function* () {
        await Promise.resolve();
        yield* all;
      },
      close: () => Promise.resolve(),
    };
  }

  async beginInstall(checkpoint: Checkpoint): Promise<SnapshotInstaller> {
    await this.turn();
    const rows = new MemoryRows();
    return {
      write: (chunk) => {
        if (chunk.kind === 'accounts') chunk.rows.forEach((row) => rows.putAccount(row));
        if (chunk.kind === 'legs') chunk.rows.forEach((row) => rows.putLeg(row));
        if (chunk.kind === 'outcomes') chunk.rows.forEach((row) => rows.putOutcome(row));
        if (chunk.kind === 'locks') chunk.rows.forEach((row) => rows.putLock(row));
        return this.turn();
      },
      finish: async () => {
        await this.turn();
        const table = this.table();
        if (table.writerEpoch !== this.epoch) throw new WriterFenced(this.bucket);
        table.rows = rows;
        table.checkpoint = checkpoint;
      },
      abandon: () => Promise.resolve(),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private raise(error: Error | null): void {
    const { faultyBucket } = this.database;
    if (error !== null && (faultyBucket === null || faultyBucket === this.bucket)) throw error;
  }

  private table(): Table {
    return this.database.table(this.bucket);
  }

  private turn(): Promise<void> {
    return turnOf(this.database, this.isAlive);
  }
}

async function turnOf(database: MemoryDatabase, isAlive: () => boolean): Promise<void> {
  await Promise.resolve();
  if (database.gate !== null) await database.gate;
  if (!isAlive()) return new Promise(() => undefined);
  if (database.down) throw new StoreUnavailable('the database is down', false);
}

/** Small chunks, so that nothing may depend on their size. */
function inTwos<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / 2) }, (_, i) => rows.slice(i * 2, i * 2 + 2));
}
