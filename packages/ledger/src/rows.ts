/**
 * The rows of a bucket: what SQL stores, what a snapshot carries and what a slot move takes along. Every row
 * belongs to exactly one slot, and its key starts with it. To whoever is given one, a row is an immutable value; only its
 * bucket changes rows, in place where nobody has been given them (own-rows.ts).
 */
import type { AccountNumber, AmountMinor, Currency, PaymentKey, Slot, TxnId } from '@mas/values';
import type { LegSpec, PaymentBody } from './payment-body';
import type { AbortReason } from './refusal';
import type { Subject } from './subject';

export type AccountStatus = 'open' | 'frozen' | 'closed';

/** Key: (slot, number). */
export interface AccountRow {
  readonly slot: Slot;
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly status: AccountStatus;
  readonly owner: string;
  /** Settled money. balance − holds ≥ minimum at all times. */
  readonly balanceMinor: AmountMinor;
  /** Σ prepared debits + Σ open authorizations, ≥ 0. */
  readonly holdsMinor: AmountMinor;
  /** Σ prepared credits, ≥ 0. */
  readonly pendingCreditsMinor: AmountMinor;
  readonly minimumMinor: AmountMinor;
  /** Raised by every prepare, commit, rollback, decide and administrative change of the account. */
  readonly rev: number;
  /** The greatest sequence given to a leg of the account; see LegRow.seq. */
  readonly lastSeq: number;
  /** Number of balance changes so far; the journal's last position. */
  readonly journalSeq: number;
  /** Stamp of creation, ms since the Unix epoch. */
  readonly createdAtMs: number;
  /** Moment of creation; null: before the bucket had moments. Moments are microseconds since the Unix epoch (docs/adr/0021). */
  readonly createdUs: number | null;
  /** The request that created it, for its retries. */
  readonly createdBy: { readonly key: PaymentKey; readonly txn: TxnId };
}

export type LegState = 'prepared' | 'committed' | 'aborted';
export type AuthorizationStatus = 'open' | 'capturing' | 'captured' | 'voided' | 'expired';

/** The life of an authorization's reservation, on the committed authorize leg. */
export interface Reservation {
  readonly status: AuthorizationStatus;
  readonly expiresAtMs: number;
  /** Minor units still held; 0 once captured, voided or expired. */
  readonly reservedMinor: AmountMinor;
  /** The capture or void that holds or consumed it. */
  readonly consumedBy: TxnId | null;
}

/**
 * Where adding up an account's balance at a moment may begin (docs/adr/0021): `balanceAfterMinor` of the leg that has it, plus those of the legs named here, and of all later
 * ones, that have a commit time up to the moment.
 */
export interface BalanceMark {
  /** When the leg was applied. */
  readonly momentUs: number;
  /** Of the account then: legs with a greater seq were prepared later. */
  readonly lastSeq: number;
  /** Legs of the account that were prepared then, by seq, ascending. */
  readonly openSeqs: readonly number[];
}

/** What names a leg. */
export interface LegAddress {
  readonly account: AccountNumber;
  readonly txn: TxnId;
}

/**
 * One leg of a payment in its account's bucket; also the account's history and, where committed, its journal.
 * Key: (slot, account, seq). Found by (account, txn) through the id filter, which yields ranges of seq.
 */
export interface LegRow {
  readonly slot: Slot;
  readonly account: AccountNumber;
  /**
   * Rises per account: max(previous + 1, raft index × 4096 + position in the entry). So a range of log indexes is a
   * range of seq, and a lookup by txn needs no secondary index.
   */
  readonly seq: number;
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly subject: Subject;
  readonly spec: LegSpec;
  /** Null on a tombstone: a rollback that came before its prepare. */
  readonly body: PaymentBody | null;
  readonly state: LegState;
  /** Present iff aborted. */
  readonly reason: AbortReason | null;
  /** Stamp of prepare (or of the one entry that applied it). */
  readonly preparedAtMs: number;
  /** Moment of the same; null on a tombstone, and where the bucket had no moments yet. */
  readonly preparedUs: number | null;
  /** Stamp of commit or rollback; null while prepared. */
  readonly endedAtMs: number | null;
  /** Commit time of the payment, the same at all its legs and at home; null unless committed, and where the bucket had no moments yet. */
  readonly commitUs: number | null;
  /** Present iff committed and the balance changed: position and balance after it. */
  readonly journal: { readonly seq: number; readonly balanceAfterMinor: AmountMinor } | null;
  /** On a committed authorize leg. */
  readonly reservation: Reservation | null;
  /** On every MARK_EVERY-th leg of the account's journal, since the bucket has moments; else null. */
  readonly mark: BalanceMark | null;
  /** On a committed credit leg: what refunds took, and what prepared refunds reserve. */
  readonly refundedMinor: AmountMinor;
  readonly refundReservedMinor: AmountMinor;
}

export type Decision =
  /** `commitUs`: the payment's commit time (docs/adr/0021); null where the home had no moments yet. */
  | { readonly kind: 'committed'; readonly atMs: number; readonly commitUs: number | null }
  | { readonly kind: 'aborted'; readonly atMs: number; readonly reason: AbortReason };

/** A leg in another bucket that has to be told the decision. */
export interface UntoldLeg {
  readonly account: AccountNumber;
}

/** An operator asked the home to resolve a transaction, whatever came of it. */
export interface ForcedResolution {
  readonly operator: string;
  /** By the clock of the coordinator that took the request, ms since the Unix epoch. */
  readonly askedAtMs: number;
  /** The transaction he meant: another than the record's where the id is bound to another one. */
  readonly txn: TxnId;
}

/** The home's record of a payment. Key: (slot, key). Never changes its decision, never removed. */
export interface OutcomeRow {
  readonly slot: Slot;
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly body: PaymentBody;
  readonly subject: Subject;
  readonly decision: Decision;
  /** Balances after the commit of the legs that live at home, for the answer and its repetitions. */
  readonly balances: readonly { readonly account: AccountNumber; readonly balanceMinor: AmountMinor; readonly rev: number }[];
  /** Remote legs not yet told; shrinks by ACKNOWLEDGE. */
  readonly untold: readonly UntoldLeg[];
  /** The latest MAX_FORCED_RESOLUTIONS, oldest first. */
  readonly forced: readonly ForcedResolution[];
}

/** The effective exclusive lock on an account or on a free lock id. Key: (slot, lockId). */
export interface LockRow {
  readonly slot: Slot;
  readonly lockId: string;
  /** `broken`: a note that an operator broke the lock; see lock-row.ts. */
  readonly mode: 'exclusive' | 'shared' | 'broken';
  /** The owner's handle. */
  readonly owner: string;
  /** Fencing token: rises per bucket, never reused. */
  readonly token: number;
  /** Of a note: until when it is remembered. */
  readonly untilMs: number;
  /** For people: who took it, or broke it; '' where a bucket does not record it yet. */
  readonly heldBy: string;
}
