/**
 * Port: what the Transaction Coordinator keeps in Redis: transaction and sub-transaction entries, the peers of each
 * bucket, the placement map, cached balances. An index only: losing all of it costs latency, never money, and a
 * PENDING or absent entry is never believed. Every method rejects with DaoUnavailable when Redis is silent for its
 * bounded time. A constant number of commands per call, however many items it carries.
 */
import type { AbortReason, PaymentBody } from '@mas/ledger';
import type { PlacementMap } from '@mas/placement';
import type { AccountNumber, AmountMinor, BucketId, Currency, PaymentKey, TxnId } from '@mas/values';

export class DaoUnavailable extends Error {
  readonly kind = 'dao-unavailable';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'DaoUnavailable';
  }
}

export type TransactionState = 'PENDING' | 'COMMITTED' | 'ABORTED';

/** A local transaction: one leg's progress, as the coordinator saw it. */
export interface SubTransactionEntry {
  readonly account: AccountNumber;
  readonly bucket: BucketId;
  readonly state: 'PENDING' | 'PREPARED' | 'COMMITTED' | 'ABORTED';
}

/** One step of a payment's two-phase timeline. */
export interface TimelineStep {
  readonly atMs: number;
  /** For example `received`, `prepare-sent`, `prepared`, `decided`, `answered`, `told`, `ended`. */
  readonly step: string;
  readonly bucket: BucketId | null;
  readonly detail: string | null;
}

export interface TransactionEntry {
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly body: PaymentBody;
  readonly coordinator: string;
  readonly state: TransactionState;
  readonly reason: AbortReason | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  /** Of a committed payment, microseconds since the Unix epoch; null where its home gave none. */
  readonly commitUs: number | null;
  readonly subTransactions: readonly SubTransactionEntry[];
  readonly timeline: readonly TimelineStep[];
}

export interface CachedBalance {
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly balanceMinor: AmountMinor;
  readonly rev: number;
  /** When the value was read from its bucket, wall ms. */
  readonly readAtMs: number;
}

/** One attempt at a payment: a retry, by the same coordinator or another, is another one. */
export type AttemptId = Pick<TransactionEntry, 'key' | 'coordinator' | 'createdAtMs'>;

export interface TxnCoordinatorDAO {
  /**
   * One round trip: writes the PENDING entries and answers which of `lockIds` an exclusive lock holds. A PENDING entry that is there
   * stays: of several attempts the first is the one whose age counts.
   */
  begin(entries: readonly TransactionEntry[], lockIds: readonly string[]): Promise<{ readonly exclusivelyLocked: readonly string[] }>;
  /** For the attempt that decided. Overwrites entries with their newer state; COMMITTED and ABORTED are never overwritten by PENDING. */
  record(entries: readonly TransactionEntry[]): Promise<void>;
  /** For ended attempts at what others have decided or begun: each is added to what is there (`withRepetition`), and never takes its place. Where nothing is worth keeping the PENDING one goes. */
  recordRepeated(entries: readonly TransactionEntry[]): Promise<void>;
  /** Drops PENDING entries of attempts that were refused without a record; those of other attempts, and ended ones, stay. */
  forget(attempts: readonly AttemptId[]): Promise<void>;
  /** In the order of the keys. */
  transactions(keys: readonly PaymentKey[]): Promise<readonly (TransactionEntry | null)[]>;
  /** PENDING entries written by `coordinator` (all coordinators when null), oldest first. */
  pending(coordinator: string | null, limit: number): Promise<readonly TransactionEntry[]>;

  /** The published map, if any; and the peers table (bucket id → `host:port,host:port`) of the seed, derived from it. */
  placement(): Promise<PlacementMap | null>;
  /** Publishes unless Redis holds an equal or newer version. */
  publishPlacement(map: PlacementMap): Promise<void>;
  peersList(): Promise<ReadonlyMap<BucketId, string>>;

  /** Identity of Redis's present contents (run id + random generation): a cached value is filled only under the namespace read before the linearizable read. */
  cacheNamespace(): Promise<string>;
  /** Sets only where the namespace is still current and the rev is higher. */
  cacheBalances(namespace: string, balances: readonly CachedBalance[]): Promise<void>;
  cachedBalances(numbers: readonly AccountNumber[]): Promise<readonly (CachedBalance | null)[]>;
  ping(): Promise<void>;
}
