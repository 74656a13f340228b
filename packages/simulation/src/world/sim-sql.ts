/**
 * The SQL server of one Resource Manager: the testkit's database in memory, under the contract of the real ones, with a server's faults around it. It outlives its
 * client: a COMMIT that a dying process has sent may still take effect after its death, unless its successor was faster.
 */
import type {
  AppliedStore,
  OwnedStore,
  StoreOwner,
  StoreOwnership,
  BucketStore,
  Checkpoint,
  CheckpointBatch,
  IdentityChunk,
  LoadedRows,
  RowRequest,
  SnapshotInstaller,
  SnapshotReader,
  StoredLegQuery,
} from '@mas/resource-manager';
import { MemoryAppliedStore, MemoryTables, type StoreFault, type StoreOperation } from '@mas/testkit/applied-store';
import type { BucketId, SeededRandom } from '@mas/values';
import type { Network } from './network';
import type { SimProcess } from './sim-process';

export interface SqlConditions {
  readonly minLatencyMs: number;
  readonly maxLatencyMs: number;
  readonly isDown: boolean;
  /** Of COMMITs: fails without effect, and fails with effect. */
  readonly commitLostRate: number;
  readonly answerLostRate: number;
}

export const CALM_SQL: SqlConditions = { minLatencyMs: 0.3, maxLatencyMs: 2, isDown: false, commitLostRate: 0, answerLostRate: 0 };

/** What a process gives to its database. */
export type OnCheckpoint = (bucket: BucketId, batch: CheckpointBatch) => void;

const LATE_COMMIT_MS = 4_000;
/** What a driver waits for a server that does not answer. */
const DRIVER_TIMEOUT_MS = 800;

export class SimSql {
  tables = new MemoryTables();
  conditions: SqlConditions = CALM_SQL;
  private readonly random: SeededRandom;

  constructor(
    private readonly network: Network,
    /** Such as `sql-1`. */
    readonly name: string,
  ) {
    this.random = network.world.chance();
  }

  connect(process: SimProcess, onCheckpoint: OnCheckpoint): SimStore {
    return new SimStore(new MemoryAppliedStore(this.tables, (operation, bucket) => this.fault(process, operation, bucket)), process, onCheckpoint);
  }

  /** What a process that is gone had under way changes nothing any more. */
  restore(image: MemoryTables): void {
    this.tables = image.copy();
  }

  private async fault(process: SimProcess, operation: StoreOperation, bucket: BucketId | null): Promise<StoreFault> {
    const { world } = this.network;
    const { minLatencyMs, maxLatencyMs, commitLostRate, answerLostRate } = this.conditions;
    const writes = operation === 'checkpoint' || operation === 'install';
    await this.takes(minLatencyMs + this.random.unit() * (maxLatencyMs - minLatencyMs));
    // A COMMIT that a dying process has sent may take effect long after its successor has come.
    if (writes && !process.isAlive) await world.time.after(this.random.unit() * LATE_COMMIT_MS);
    // An opening locks the bucket's row from its first statement on: it comes before its successor's, or not at all.
    if (operation === 'open' && !process.isAlive) return 'unavailable';
    if (this.conditions.isDown || this.network.isBlocked(process.name, this.name)) {
      world.counters.add('sql away');
      await this.takes(DRIVER_TIMEOUT_MS * this.random.unit());
      return 'unavailable';
    }
    if (writes && (this.random.chance(answerLostRate) || this.network.isBlocked(this.name, process.name))) {
      world.counters.add('sql answers lost');
      return 'answer-lost';
    }
    if (writes && this.random.chance(commitLostRate)) {
      world.counters.add('sql commits lost');
      return 'commit-lost';
    }
    world.trace.record(`sql ${this.name} ${operation} ${bucket ?? '-'}`);
    return 'none';
  }

  private takes(durationMs: number): Promise<void> {
    const { world } = this.network;
    if (durationMs > CALM_SQL.maxLatencyMs) world.isSlow(durationMs);
    return world.time.after(durationMs);
  }
}

/** The store as one process sees it: answers reach the living only. */
export class SimStore implements AppliedStore, OwnedStore {
  constructor(
    private readonly store: MemoryAppliedStore,
    private readonly process: SimProcess,
    private readonly onCheckpoint: OnCheckpoint,
  ) {}

  /** The connection breaks with the process: what has not taken effect yet never does. */
  crash(): void {
    this.store.crash();
  }

  migrate(): Promise<void> {
    return this.process.hears(this.store.migrate());
  }

  ownership(): Promise<StoreOwnership> {
    return this.process.hears(this.store.ownership());
  }

  claim(owner: StoreOwner): Promise<StoreOwner> {
    return this.process.hears(this.store.claim(owner));
  }

  takeOver(owner: StoreOwner, from: StoreOwner): Promise<void> {
    return this.process.hears(this.store.takeOver(owner, from));
  }

  buckets(): Promise<readonly BucketId[]> {
    return this.process.hears(this.store.buckets());
  }

  async openBucket(bucket: BucketId): Promise<{ readonly store: BucketStore; readonly checkpoint: Checkpoint }> {
    const { store, checkpoint } = await this.process.hears(this.store.openBucket(bucket));
    return { store: new SimBucketStore(store, this.process, this.onCheckpoint), checkpoint };
  }

  dropBucket(bucket: BucketId): Promise<void> {
    return this.process.hears(this.store.dropBucket(bucket));
  }

  close(): Promise<void> {
    return this.process.hears(this.store.close());
  }
}

class SimBucketStore implements BucketStore {
  readonly bucket: BucketId;

  constructor(
    private readonly store: BucketStore,
    private readonly process: SimProcess,
    private readonly onCheckpoint: OnCheckpoint,
  ) {
    this.bucket = store.bucket;
  }

  load(request: RowRequest): Promise<LoadedRows> {
    return this.process.hears(this.store.load(request));
  }

  checkpoint(batch: CheckpointBatch): Promise<void> {
    this.onCheckpoint(this.bucket, batch);
    return this.process.hears(this.store.checkpoint(batch));
  }

  async scanIdentities(visit: (chunk: IdentityChunk) => void): Promise<void> {
    const chunks: IdentityChunk[] = [];
    await this.process.hears(this.store.scanIdentities((chunk) => void chunks.push(chunk)));
    chunks.forEach(visit);
  }

  loadPinned(): ReturnType<BucketStore['loadPinned']> {
    return this.process.hears(this.store.loadPinned());
  }

  listLegs(query: StoredLegQuery): ReturnType<BucketStore['listLegs']> {
    return this.process.hears(this.store.listLegs(query));
  }

  listAccounts(...query: Parameters<BucketStore['listAccounts']>): ReturnType<BucketStore['listAccounts']> {
    return this.process.hears(this.store.listAccounts(...query));
  }

  async readSnapshot(when?: () => Promise<void>): Promise<SnapshotReader> {
    const { process } = this;
    const reader = await process.hears(this.store.readSnapshot(when));
    return {
      checkpoint: reader.checkpoint,
      chunks: async function* (kinds, sinceMs) {
        const source = reader.chunks(kinds, sinceMs)[Symbol.asyncIterator]();
        for (;;) {
          const next = await process.hears(source.next());
          if (next.done === true) return;
          yield next.value;
        }
      },
      close: () => reader.close(),
    };
  }

  async beginInstall(checkpoint: Checkpoint): Promise<SnapshotInstaller> {
    const installer = await this.process.hears(this.store.beginInstall(checkpoint));
    return {
      write: (chunk) => this.process.hears(installer.write(chunk)),
      finish: () => this.process.hears(installer.finish()),
      abandon: () => this.process.hears(installer.abandon()),
    };
  }

  close(): Promise<void> {
    return this.process.hears(this.store.close());
  }
}
