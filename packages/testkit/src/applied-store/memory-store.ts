/**
 * AppliedStore in memory, for simulations and unit tests. It keeps the port's promises about crashes: only what a checkpoint
 * or a finished install has written survives, a predecessor is fenced, and a hook says when the database fails and how.
 * No timer and no randomness: under a simulator's clock it is as deterministic as its hook.
 */
import type { AccountRow, LegRow, PinnedRows } from '@mas/ledger';
import {
  StoreUnavailable,
  WriterFenced,
  type AppliedStore,
  type BucketStore,
  type Checkpoint,
  type CheckpointBatch,
  type IdentityChunk,
  type LoadedRows,
  type OwnedStore,
  type RowRequest,
  type SnapshotChunk,
  type SnapshotInstaller,
  type SnapshotReader,
  type StoredLegQuery,
  type StoreOwner,
  type StoreOwnership,
} from '@mas/resource-manager';
import { checkInstall, checkpointState } from '@mas/sql-store/internals/store/positions';
import { isSameOwner } from '@mas/sql-store/internals/store/same-owner';
import { invariant, type AccountNumber, type BucketId, type Slot } from '@mas/values';
import { MemoryRows } from './memory-rows';
import { EMPTY_CHECKPOINT, MemoryTables, type MemoryBucket } from './memory-tables';

export type StoreOperation = 'migrate' | 'own' | 'open' | 'drop' | 'load' | 'checkpoint' | 'scan' | 'list' | 'snapshot' | 'install';

export type StoreFault =
  | 'none'
  /** Nothing happens: StoreUnavailable. */
  | 'unavailable'
  /** Nothing happens, but nobody can know: StoreUnavailable with effectUnknown. */
  | 'commit-lost'
  /** It happens, and the answer is lost: StoreUnavailable with effectUnknown. */
  | 'answer-lost';

/** Asked before every operation; a promise delays it. `bucket` is null for operations on the whole database. */
export type StoreFaultHook = (operation: StoreOperation, bucket: BucketId | null) => StoreFault | Promise<StoreFault>;

export class MemoryAppliedStore implements AppliedStore, OwnedStore {
  private state: 'running' | 'closed' | 'crashed' = 'running';

  /** A second store on the same tables is the process after a restart, or a second process. */
  constructor(
    readonly tables: MemoryTables = new MemoryTables(),
    private readonly faults: StoreFaultHook = () => 'none',
  ) {}

  /** The process dies: everything that is under way has no effect any more, every call is refused. */
  crash(): void {
    this.state = 'crashed';
  }

  async migrate(): Promise<void> {
    await this.perform('migrate', null, () => undefined);
  }

  ownership(): Promise<StoreOwnership> {
    return this.perform('list', null, () => {
      const { owner, buckets } = this.tables;
      if (owner !== null) return { kind: 'owned', owner };
      return { kind: buckets.size === 0 ? 'empty' : 'unnamed' };
    });
  }

  claim(owner: StoreOwner): Promise<StoreOwner> {
    return this.perform('own', null, () => (this.tables.owner ??= owner));
  }

  async takeOver(owner: StoreOwner, from: StoreOwner): Promise<void> {
    const isFrom = (): boolean => this.tables.owner !== null && isSameOwner(this.tables.owner, from);
    if (!isFrom()) return;
    for (const bucket of await this.buckets()) await this.dropBucket(bucket);
    await this.perform('own', null, () => {
      if (isFrom()) this.tables.owner = owner;
    });
  }

  buckets(): Promise<readonly BucketId[]> {
    return this.perform('list', null, () =>
      [...this.tables.buckets]
        .filter(([, bucket]) => !bucket.dropped)
        .map(([id]) => id)
        .sort((a, b) => a - b),
    );
  }

  openBucket(id: BucketId): Promise<{ readonly store: BucketStore; readonly checkpoint: Checkpoint }> {
    return this.perform('open', id, () => {
      const bucket = this.tables.bucket(id);
      bucket.writerEpoch += 1;
      bucket.dropped = false;
      return { store: new MemoryBucketStore(this, id, bucket, bucket.writerEpoch), checkpoint: bucket.checkpoint };
    });
  }

  async dropBucket(id: BucketId): Promise<void> {
    await this.perform('drop', id, () => {
      const bucket = this.tables.buckets.get(id);
      if (bucket === undefined) return;
      Object.assign(bucket, { dropped: true, writerEpoch: bucket.writerEpoch + 1, checkpoint: EMPTY_CHECKPOINT, rows: new MemoryRows() });
    });
  }

  async close(): Promise<void> {
    if (this.state === 'running') this.state = 'closed';
    return Promise.resolve();
  }

  /** Runs `work` in one piece, unless the hook or a crash prevents it. For this file's classes. */
  async perform<Result>(operation: StoreOperation, bucket: BucketId | null, work: () => Result): Promise<Result> {
    this.requireRunning(operation);
    const fault = await this.faults(operation, bucket);
    this.requireRunning(operation);
    if (fault === 'unavailable' || fault === 'commit-lost') throw new StoreUnavailable(`${operation}: injected fault`, fault === 'commit-lost');
    const result = work();
    if (fault === 'answer-lost') throw new StoreUnavailable(`${operation}: injected fault, the answer was lost`, true);
    return result;
  }

  private requireRunning(operation: StoreOperation): void {
    if (this.state !== 'running') throw new StoreUnavailable(`${operation}: the store has ${this.state}`, false);
  }
}

class MemoryBucketStore implements BucketStore {
  private closed = false;

  constructor(
    private readonly owner: MemoryAppliedStore,
    readonly bucket: BucketId,
    private readonly stored: MemoryBucket,
    private readonly writerEpoch: number,
  ) {}

  load(request: RowRequest): Promise<LoadedRows> {
    return this.perform('load', () => this.stored.rows.load(request));
  }

  async checkpoint(batch: CheckpointBatch): Promise<void> {
    await this.perform('checkpoint', () => {
      if (checkpointState(this.bucket, this.stored.checkpoint.applied, batch) === 'done') return;
      this.stored.rows.apply(batch);
      const { applied, confState, meta, blob = this.stored.checkpoint.blob } = batch;
      this.stored.checkpoint = { applied, confState, meta, blob };
    });
  }

  async scanIdentities(visit: (chunk: IdentityChunk) => void): Promise<void> {
    await this.perform('scan', () => visit(this.stored.rows.identities()));
  }

  loadPinned(): Promise<PinnedRows> {
    return this.perform('scan', () => this.stored.rows.pinned());
  }

  listLegs(query: StoredLegQuery): Promise<readonly LegRow[]> {
    return this.perform('list', () => this.stored.rows.listLegs(query));
  }

  listAccounts(after: { readonly slot: Slot; readonly number: AccountNumber } | null, limit: number): Promise<readonly AccountRow[]> {
    return this.perform('list', () => this.stored.rows.listAccounts(after, limit));
  }

  async readSnapshot(when = async (): Promise<void> => undefined): Promise<SnapshotReader> {
    await when();
    return this.perform(
      'snapshot',
      () =>
        new MemorySnapshot(this.stored.checkpoint, this.stored.rows.chunks(this.owner.tables.rowsPerChunk), () => this.perform('snapshot', () => undefined)),
    );
  }

  async beginInstall(checkpoint: Checkpoint): Promise<SnapshotInstaller> {
    invariant(checkpoint.meta === null || checkpoint.meta.bucket === this.bucket, 'a snapshot is installed into its own bucket');
    return this.perform('install', () => {
      const rows = new MemoryRows();
      return {
        write: (chunk) => this.perform('install', () => rows.put(chunk)),
        finish: () =>
          this.perform('install', () => {
            if (this.stored.rows === rows) return;
            checkInstall(this.bucket, this.stored.checkpoint.applied, checkpoint.applied);
            this.stored.rows = rows;
            this.stored.checkpoint = checkpoint;
          }),
        abandon: () => Promise.resolve(),
      };
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  private async perform<Result>(operation: StoreOperation, work: () => Result): Promise<Result> {
    if (this.closed) throw new StoreUnavailable(`bucket ${this.bucket}: its store was closed`, false);
    return this.owner.perform(operation, this.bucket, () => {
      if (this.stored.dropped || this.stored.writerEpoch !== this.writerEpoch) throw new WriterFenced(this.bucket);
      return work();
    });
  }
}

class MemorySnapshot implements SnapshotReader {
  private open = true;

  constructor(
    readonly checkpoint: Checkpoint,
    private readonly all: readonly SnapshotChunk[],
    private readonly available: () => Promise<void>,
  ) {}

  async *chunks(kinds?: readonly SnapshotChunk['kind'][], sinceMs: number | null = null): AsyncIterable<SnapshotChunk> {
    for (const chunk of this.all) {
      if (kinds !== undefined && !kinds.includes(chunk.kind)) continue;
      if (!this.open) throw new StoreUnavailable('the snapshot was closed', false);
      await this.available();
      yield sinceMs === null ? chunk : since(chunk, sinceMs);
    }
  }

  async close(): Promise<void> {
    this.open = false;
    return Promise.resolve();
  }
}

function since(chunk: SnapshotChunk, sinceMs: number): SnapshotChunk {
  if (chunk.kind === 'outcomes') return { ...chunk, rows: chunk.rows.filter(({ decision }) => decision.atMs >= sinceMs) };
  if (chunk.kind !== 'legs') return chunk;
  const isPinned = ({ state, reservation }: (typeof chunk.rows)[number]): boolean =>
    state === 'prepared' || reservation?.status === 'open' || reservation?.status === 'capturing';
  return { ...chunk, rows: chunk.rows.filter((leg) => leg.preparedAtMs >= sinceMs || isPinned(leg)) };
}
