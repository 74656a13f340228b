/**
 * The part of a bucket that is always in memory, and the interface through which apply reaches the paged rows.
 * The host loads and pins every row that an entry may touch before it applies the entry (rows-touched.ts says
 * which), so a row that is absent here does not exist anywhere.
 */
import type { AccountNumber, AmountMinor, BucketId, Currency, PaymentKey, Slot, TxnId, SlotRange } from '@mas/values';
import type { Policy } from './policy';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';
import type { SlotMoves } from './slot-moves';

/**
 * Paged rows, by key. `put` marks the row dirty for the next checkpoint. Synchronous: everything is pinned.
 * What is read here is for apply alone, which may change it in place and puts it then: nobody else is given it (own-rows.ts).
 */
export interface Rows {
  accountInPlace(number: AccountNumber): AccountRow | undefined;
  legInPlace(account: AccountNumber, txn: TxnId): LegRow | undefined;
  outcomeInPlace(key: PaymentKey): OutcomeRow | undefined;
  putAccount(row: AccountRow): void;
  putLeg(row: LegRow): void;
  putOutcome(row: OutcomeRow): void;
  putLock(row: LockRow): void;
  /** By lockKey. */
  removeLock(slot: Slot, key: string): void;
  /** All rows of these slots go; rows that are put later stay. */
  dropSlots(slots: SlotRange): void;
}

/** Scalars and small maps of a bucket, written to SQL with every checkpoint (BucketMeta row). */
export interface BucketMeta {
  readonly bucket: BucketId;
  /** The last applied entry's stamp. */
  readonly stampMs: number;
  /** Of the last applied instruction, or of what closed the bucket since. Before the bucket has moments: the highest that it was told, or 0. */
  readonly momentUs: number;
  /** Reads at moments before this one are not answered: what was decided then has none. */
  readonly momentsSinceUs: number;
  /** Raised by every instruction that changes money or its promises; for whole-ledger reads. */
  readonly rev: number;
  readonly lockSeq: number;
  readonly policy: Policy | null;
  /** Of the instructions' meaning; 0 before genesis. */
  readonly semanticsVersion: number;
  /** Slots owned, as sorted inclusive ranges, with the placement epoch at which the first were given. */
  readonly slots: readonly { readonly from: Slot; readonly to: Slot }[];
  readonly epoch: number;
  /** Σ opening balances per currency, of these and the next two also those of slots that are departing. */
  readonly issued: ReadonlyMap<Currency, AmountMinor>;
  /** Σ balances per currency. */
  readonly totals: ReadonlyMap<Currency, AmountMinor>;
  readonly accountCount: number;
  readonly moves: SlotMoves;
}

/** Rows that are never paged out: rebuilt at start from SQL, kept current by apply. */
export interface PinnedRows {
  /** Prepared legs of this bucket; also, like all of these, of slots that are departing or arriving. */
  readonly prepared: readonly LegRow[];
  /** Committed authorize legs whose reservation is open or capturing. */
  readonly openAuthorizations: readonly LegRow[];
  /** Outcomes with untold legs. */
  readonly undelivered: readonly OutcomeRow[];
  readonly locks: readonly LockRow[];
}
