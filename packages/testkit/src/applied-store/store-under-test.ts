/** What an implementation gives the contract: a store on tables of its own, and the process's next life. */
import type { AccountRow, LegRow, LockRow, OutcomeRow } from '@mas/ledger';
import type { AppliedStore, BucketStore, Checkpoint, SnapshotChunk, SnapshotReader } from '@mas/resource-manager';
import { bucketId, type BucketId } from '@mas/values';

export interface StoreUnderTest {
  /** Migrated. */
  readonly store: AppliedStore;
  /** Ends this store's process, as far as the implementation can tell, and opens the same tables again. */
  reopen(): Promise<AppliedStore>;
  /** Ends everything and removes the tables. */
  end(): Promise<void>;
}

export type MakeStore = () => Promise<StoreUnderTest>;

/** The store of the running test; each test takes a bucket of its own, so that one database serves them all. */
export class ContractContext {
  private underTest: StoreUnderTest | null = null;
  private current: AppliedStore | null = null;
  private lastBucket = 0;

  constructor(private readonly makeStore: MakeStore) {}

  async begin(): Promise<void> {
    this.underTest = await this.makeStore();
    this.current = this.underTest.store;
  }

  async end(): Promise<void> {
    await this.underTest?.end();
  }

  get store(): AppliedStore {
    if (this.current === null) throw new Error('no store: beforeAll has failed');
    return this.current;
  }

  async reopen(): Promise<void> {
    if (this.underTest === null) throw new Error('no store: beforeAll has failed');
    this.current = await this.underTest.reopen();
  }

  newBucket(): BucketId {
    this.lastBucket += 1;
    return bucketId(this.lastBucket);
  }

  async open(bucket: BucketId): Promise<{ readonly store: BucketStore; readonly checkpoint: Checkpoint }> {
    return this.store.openBucket(bucket);
  }

  async openNew(): Promise<{ readonly bucket: BucketId; readonly store: BucketStore }> {
    const bucket = this.newBucket();
    return { bucket, store: (await this.open(bucket)).store };
  }
}

export async function allChunks(reader: SnapshotReader): Promise<readonly SnapshotChunk[]> {
  const chunks: SnapshotChunk[] = [];
  for await (const chunk of reader.chunks()) chunks.push(chunk);
  return chunks;
}

interface RowOf {
  readonly accounts: AccountRow;
  readonly legs: LegRow;
  readonly outcomes: OutcomeRow;
  readonly locks: LockRow;
}

/** All rows of one kind, in the order given. */
export function rowsOfKind<Kind extends keyof RowOf>(chunks: readonly SnapshotChunk[], kind: Kind): readonly RowOf[Kind][] {
  const rows: unknown[] = [];
  for (const chunk of chunks) if (chunk.kind === kind) rows.push(...chunk.rows);
  return rows as RowOf[Kind][];
}
