/**
 * Port: the SQL checkpoint of a Resource Manager's buckets (AccountDAO, PaymentDAO and the bucket's meta rows). SQL
 * is the state machine's checkpoint; the Raft log is its redo log. One store per RM database, one BucketStore per
 * hosted replica. Every method rejects with StoreUnavailable when the database does not answer.
 */
import type { AccountRow, BucketMeta, LegRow, LockRow, OutcomeRow, PinnedRows } from '@mas/ledger';
import type { ConfState } from '@mas/raft';
import type { AccountNumber, BucketId, PaymentKey, RmId, Slot, TxnId, SlotRange } from '@mas/values';

export interface AppliedStore {
  /** Creates or upgrades the schema. */
  migrate(): Promise<void>;
  /** Buckets that have rows here, with their current generation. */
  buckets(): Promise<readonly BucketId[]>;
  /**
   * Raises writer_epoch *before* any read, so that a dying predecessor's late commit can no longer take effect, then
   * reads the checkpoint. A bucket without rows is created empty (applied index 0).
   */
  openBucket(bucket: BucketId): Promise<{ readonly store: BucketStore; readonly checkpoint: Checkpoint }>;
  /** Drops all rows of a bucket (a replica that was removed). */
  dropBucket(bucket: BucketId): Promise<void>;
  close(): Promise<void>;
}

/** The data folder that a database belongs to. */
export interface StoreOwner {
  /** 32 hexadecimal digits, as `incarnation`. */
  readonly clusterId: string;
  readonly rm: RmId;
  readonly incarnation: string;
}

export type StoreOwnership =
  | { readonly kind: 'owned'; readonly owner: StoreOwner }
  /** Rows of a version that wrote no owner. */
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'empty' };

/** Whose rows these are. Asked before anything is opened: opening a bucket fences off its writer. */
export interface OwnedStore {
  /** Reads only; also before migrate(). */
  ownership(): Promise<StoreOwnership>;
  /** Writes the owner where there is none; after migrate(). The first one stays: the owner that it has then. */
  claim(owner: StoreOwner): Promise<StoreOwner>;
  /** Drops all buckets of `from` and makes `owner` the owner; harmless when repeated after a crash in the middle. Nothing happens if `from` is not the owner. */
  takeOver(owner: StoreOwner, from: StoreOwner): Promise<void>;
}

/** The database cannot be used right now; nothing was written, or (effectUnknown) a COMMIT got no answer. */
export class StoreUnavailable extends Error {
  readonly kind = 'store-unavailable';

  constructor(
    message: string,
    readonly effectUnknown: boolean,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/** Another process has opened the bucket since: this writer must stop. */
export class WriterFenced extends Error {
  readonly kind = 'writer-fenced';

  constructor(readonly bucket: BucketId) {
    super(`bucket ${bucket}: another process has taken over its tables`);
    this.name = 'WriterFenced';
  }
}

/** What a process must not survive: its rows belong to another one. */
export function isFenced(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'kind' in error && error.kind === 'writer-fenced';
}

/** The database's own failures, as opposed to what it holds. */
export function isStoreFailure(error: unknown): boolean {
  return isFenced(error) || error instanceof StoreUnavailable;
}

/** Where the rows stand in the log. */
export interface Position {
  readonly index: number;
  readonly term: number;
}

export interface Checkpoint {
  readonly applied: Position;
  readonly confState: ConfState | null;
  readonly meta: BucketMeta | null;
  /**
   * The state of a group that is no bucket of accounts (the meta group keeps the placement map here); written and
   * read back unchanged, never empty, at most a few 100 kB. Null: none yet.
   */
  readonly blob: Uint8Array | null;
}

/** Rows that changed since the previous checkpoint, as absolute values: the last version of each key. */
export interface CheckpointBatch {
  readonly previous: Position;
  readonly applied: Position;
  readonly confState: ConfState;
  readonly meta: BucketMeta;
  /** Present: replaces Checkpoint.blob. Absent: it stays. */
  readonly blob?: Uint8Array | null;
  readonly accounts: readonly AccountRow[];
  readonly legs: readonly LegRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly locks: readonly LockRow[];
  /** By lockKey. */
  readonly removedLocks: readonly { readonly slot: Slot; readonly key: string }[];
  /** Of these nothing stays but what the batch itself brings. */
  readonly droppedSlots: readonly SlotRange[];
}

/** A leg is looked for by txn within ranges of seq, which the id filter gives; newest range first. */
export interface LegLookup {
  readonly account: AccountNumber;
  readonly txn: TxnId;
  /** Inclusive. */
  readonly seqRanges: readonly { readonly from: number; readonly to: number }[];
}

export interface RowRequest {
  readonly accounts: readonly AccountNumber[];
  readonly legs: readonly LegLookup[];
  readonly outcomes: readonly PaymentKey[];
}

export interface LoadedRows {
  readonly accounts: readonly AccountRow[];
  readonly legs: readonly LegRow[];
  readonly outcomes: readonly OutcomeRow[];
}

export interface BucketStore {
  readonly bucket: BucketId;
  /** Committed rows of the current generation, one consistent read; keys without a row are left out. */
  load(request: RowRequest): Promise<LoadedRows>;
  /**
   * One SQL transaction: locks the meta row, checks writer_epoch and `previous`, writes the rows, the meta row and
   * `applied`. A COMMIT of unknown effect is resolved by reading the meta row again (inside or by the next call with
   * the same batch, which is then a no-op). @throws WriterFenced, StoreUnavailable
   */
  checkpoint(batch: CheckpointBatch): Promise<void>;
  /** Every leg's and outcome's identity, for the id filter, and the rows that are never paged out; streamed in bounded chunks. */
  scanIdentities(visit: (chunk: IdentityChunk) => void): Promise<void>;
  loadPinned(): Promise<PinnedRows>;
  /** From the last checkpoint; the caller checkpoints up to its read index first. */
  listLegs(query: StoredLegQuery): Promise<readonly LegRow[]>;
  listAccounts(after: { readonly slot: Slot; readonly number: AccountNumber } | null, limit: number): Promise<readonly AccountRow[]>;
  /**
   * A consistent read of the whole bucket at one applied index, as chunks of rows in key order.
   * @param when awaited once everything is at hand that others may have in use (a connection) and before the read begins, so that nobody who stands still
   * for it waits for them; what it throws is thrown
   */
  readSnapshot(when?: () => Promise<void>): Promise<SnapshotReader>;
  /**
   * Writes a received snapshot beside the current rows as a new generation; `finish` makes it current together with
   * its applied index in one SQL transaction. Abandoned or superseded generations are cleaned up later.
   */
  beginInstall(checkpoint: Checkpoint): Promise<SnapshotInstaller>;
  close(): Promise<void>;
}

export interface IdentityChunk {
  readonly legs: readonly { readonly account: AccountNumber; readonly seq: number; readonly txn: TxnId }[];
  readonly outcomes: readonly PaymentKey[];
}

export interface StoredLegQuery {
  readonly account: AccountNumber;
  readonly direction: 'newest-first' | 'oldest-first';
  readonly cursorSeq: number | null;
  readonly limit: number;
  readonly state: LegRow['state'] | null;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

/** Rows of one kind, at most about 1,000. */
export type SnapshotChunk =
  | { readonly kind: 'accounts'; readonly rows: readonly AccountRow[] }
  | { readonly kind: 'legs'; readonly rows: readonly LegRow[] }
  | { readonly kind: 'outcomes'; readonly rows: readonly OutcomeRow[] }
  | { readonly kind: 'locks'; readonly rows: readonly LockRow[] };

export interface SnapshotReader {
  readonly checkpoint: Checkpoint;
  /**
   * @param sinceMs left out are legs that were promised earlier and are not pinned (prepared, or an authorization that holds money), and outcomes decided earlier; null: none are
   *
   * Kind after kind, each in the order of its key: slot, then account, seq, or what else makes the key. Some kinds may be read beside others; each is
   * given once. Between chunks the process does its other work.
   */
  chunks(kinds?: readonly SnapshotChunk['kind'][], sinceMs?: number | null): AsyncIterable<SnapshotChunk>;
  /** Ends the read, whether or not all chunks were taken. */
  close(): Promise<void>;
}

export interface SnapshotInstaller {
  write(chunk: SnapshotChunk): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}
