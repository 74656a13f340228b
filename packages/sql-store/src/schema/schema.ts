/**
 * The tables, as kysely sees them. Every row of the first four belongs to (bucket, generation), and its key goes on with
 * the slot, so that a slot's rows lie together when it moves. No table that a payment writes has a secondary index.
 *
 * Integers are read as number or bigint (the drivers differ); text is UTF-8 compared as bytes; txn is 32 bytes.
 */
import type { ColumnType } from 'kysely';

/** Reads as number or bigint, written as number. */
export type IntColumn = ColumnType<number | bigint, number, number>;
export type BytesColumn = ColumnType<Uint8Array | ArrayBuffer, Uint8Array, Uint8Array>;

interface BucketRow {
  readonly bucket: IntColumn;
  readonly generation: IntColumn;
  readonly slot: IntColumn;
}

export interface AccountTable extends BucketRow {
  readonly number: string;
  readonly currency: string;
  readonly status: string;
  readonly balance_minor: bigint;
  readonly holds_minor: bigint;
  readonly pending_credits_minor: bigint;
  readonly minimum_minor: bigint;
  readonly rev: IntColumn;
  readonly last_seq: IntColumn;
  readonly journal_seq: IntColumn;
  readonly created_at_ms: IntColumn;
  readonly owner: string;
  readonly created_scope: string;
  readonly created_id: string;
  readonly created_txn: BytesColumn;
  /** Null: created before there were moments. Last, because migration 6 added it. */
  readonly created_us: IntColumn | null;
}

/** One leg of a payment; where committed also the account's journal. */
export interface PaymentTable extends BucketRow {
  readonly account: string;
  readonly seq: IntColumn;
  readonly txn: BytesColumn;
  /** Of the payment's key; its scope is in `detail`. */
  readonly id: string;
  readonly effect: string;
  readonly amount_minor: bigint;
  readonly state: string;
  readonly prepared_at_ms: IntColumn;
  /** Where committed and the balance changed. */
  readonly balance_after_minor: bigint | null;
  /** 1: prepared, or an authorization that still holds money; such rows are never paged out. */
  readonly pinned: IntColumn;
  /** JSON of what nobody selects by; see rows/payment-text.ts. A column costs MySQL as much as 50 bytes of it. */
  readonly detail: string;
  /** The payment's body, sealed; null for a tombstone, and where `detail` still has it. Last, because migration 5 added it. */
  readonly body: BytesColumn | null;
}

/** The home's record of a payment. */
export interface OutcomeTable extends BucketRow {
  readonly scope: string;
  readonly id: string;
  readonly txn: BytesColumn;
  readonly decision: string;
  readonly decided_at_ms: IntColumn;
  /** Legs in other buckets that have not acknowledged the decision. */
  readonly untold_count: IntColumn;
  /** Subject, reason, balances, untold legs. */
  readonly detail: string;
  /** The payment's body, sealed; null where `detail` still has it. */
  readonly body: BytesColumn | null;
}

export interface BucketLockTable extends BucketRow {
  readonly lock_id: string;
  readonly owner: string;
  readonly token: IntColumn;
  readonly until_ms: IntColumn;
}

/** One row per bucket that has ever been here: where its rows stand in the log, and who may write them. */
export interface BucketMetaTable {
  readonly bucket: IntColumn;
  /** Raised by every open: a writer with a lower one is fenced. Never lowered, not even by dropping the bucket. */
  readonly writer_epoch: IntColumn;
  /** 1 while the bucket is not hosted here; its row stays, for the sake of writer_epoch and generation_seq. */
  readonly dropped: IntColumn;
  /** Of the rows that count. */
  readonly generation: IntColumn;
  /** The last generation number given out; numbers are never used twice. */
  readonly generation_seq: IntColumn;
  readonly applied_index: IntColumn;
  readonly applied_term: IntColumn;
  readonly stamp_ms: IntColumn;
  readonly rev: IntColumn;
  readonly lock_seq: IntColumn;
  readonly epoch: IntColumn;
  readonly account_count: IntColumn;
  /** JSON; null before the first checkpoint. */
  readonly conf_state: string | null;
  /** JSON: policy, slots, issued, totals, semantics version; null before the first checkpoint. */
  readonly detail: string | null;
  /** Base64: the state of a group without accounts; null for buckets. */
  readonly group_state: string | null;
}

/** One row: the data folder that this database belongs to. */
export interface StoreOwnerTable {
  readonly one: IntColumn;
  readonly cluster_id: string;
  readonly rm: IntColumn;
  readonly incarnation: string;
}

export interface Schema {
  readonly account: AccountTable;
  readonly payment: PaymentTable;
  readonly outcome: OutcomeTable;
  readonly bucket_lock: BucketLockTable;
  readonly bucket_meta: BucketMetaTable;
  readonly store_owner: StoreOwnerTable;
}

/** Of `payment` and `outcome`: bytes where everything else that is as long is text. */
export const BODY_COLUMN = 'body';

/** Tables whose rows belong to a bucket's generation. */
export const GENERATION_TABLES = ['account', 'payment', 'outcome', 'bucket_lock'] as const;
