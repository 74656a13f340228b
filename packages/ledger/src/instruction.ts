/**
 * The instructions that a bucket's log carries. An entry is a stamp and a list of them; apply reads nothing else.
 * docs/protocol.md has the table of effects; ledger.ts the code.
 */
import type { AccountNumber, AmountMinor, BucketId, Currency, PaymentKey, Slot, TxnId, SlotRange } from '@mas/values';
import type { LegSpec, PaymentBody } from './payment-body';
import type { Policy } from './policy';
import type { AbortReason } from './refusal';
import type { LegAddress } from './rows';
import type { Handover, MovedRows, MovedSums, MoveNumber } from './slot-moves';
import type { Subject } from './subject';

/** At most this many instructions in one entry, those that name many payments counted by their members; a leg's seq has room for 4096. */
export const MAX_INSTRUCTIONS_PER_ENTRY = 2048;
/** At most this many payments in one COMMIT or ACKNOWLEDGE of many: below what one entry takes, so that it can share one. */
export const MAX_MEMBERS = 256;

export interface LedgerEntry {
  /** Leader's stamp, ms since the Unix epoch; never lower than the bucket's previous one (apply takes the maximum). */
  readonly stampMs: number;
  /** The bucket is closed at this moment: everything in the entry and after it lies behind. Null: the entry asks for nothing. */
  readonly behindUs: number | null;
  readonly instructions: readonly Instruction[];
}

export type Instruction =
  | Genesis
  | SetPolicy
  | CreateAccount
  | Prepare
  | DecideCommit
  | DecideAbort
  | CommitLeg
  | CommitMany
  | RollbackLeg
  | Resolve
  | Acknowledge
  | AcknowledgeMany
  | Expire
  | AcquireLock
  | RefreshLock
  | ReleaseLock
  | BreakLock
  | ChangeAccount
  | BindId
  | BeginImport
  | ImportRows
  | AdoptSlots
  | DeclineImport
  | ReleaseSlots
  | ReclaimSlots
  | ConfirmRelease;

export type InstructionKind = Instruction['kind'];

/** First entry of a bucket: the slots it owns and its policy. Refused (as already done) afterwards. */
export interface Genesis {
  readonly kind: 'genesis';
  readonly slots: readonly SlotRange[];
  readonly epoch: number;
  readonly policy: Policy;
  /** What instructions mean from here on; see semantics.ts. */
  readonly semanticsVersion: number;
}

export interface SetPolicy {
  readonly kind: 'set-policy';
  readonly policy: Policy;
  /** Raises the bucket's, never lowers it. To be raised only once every replica runs a build that knows it. */
  readonly semanticsVersion: number;
  readonly subject: Subject;
}

export interface CreateAccount {
  readonly kind: 'create-account';
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly number: AccountNumber;
  readonly currency: Currency;
  readonly openingBalanceMinor: AmountMinor;
  /** Null: the policy's minimum. */
  readonly minimumMinor: AmountMinor | null;
  readonly owner: string;
  readonly subject: Subject;
  /** Answers what would be refused, and records nothing: asked before the id is bound. */
  readonly checkOnly: boolean;
}

/**
 * Binds the id of an account's creation at the home of its key, which may be another bucket than the account's: the
 * same id with another number must not create a second account.
 */
export interface BindId {
  readonly kind: 'bind-id';
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  /** Without legs; creationBody. */
  readonly body: PaymentBody;
  readonly subject: Subject;
}

/** Phase 1 of one remote leg. */
export interface Prepare {
  readonly kind: 'prepare';
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  /** Which of the body's legs. */
  readonly account: AccountNumber;
  readonly subject: Subject;
  /** Token of an exclusive lock that the caller holds on the account; null for the implicit shared lock. */
  readonly lockToken: number | null;
  /** Transactions known to be undecided: they no longer cause WAIT. */
  readonly undecided: readonly TxnId[];
}

/** Phase 2 at the home: checks and applies the legs that live here and records COMMITTED, or records ABORTED. */
export interface DecideCommit {
  readonly kind: 'decide-commit';
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  /** Accounts of the legs that their buckets have prepared. */
  readonly remotePrepared: readonly AccountNumber[];
  /** The highest moment of their promises, behind which the commit time has to lie; null: none of them had one. */
  readonly notBeforeUs: number | null;
  readonly subject: Subject;
  readonly lockTokens: readonly { readonly account: AccountNumber; readonly token: number }[];
  readonly undecided: readonly TxnId[];
}

export interface DecideAbort {
  readonly kind: 'decide-abort';
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  readonly reason: AbortReason;
  readonly subject: Subject;
}

/** What a leg is told of the decision. */
export interface CommittedLeg extends LegAddress {
  /** The commit time that the home has recorded; null: it had none to give. */
  readonly commitUs: number | null;
}

/** The decision reaches a remote leg. */
export interface CommitLeg extends CommittedLeg {
  readonly kind: 'commit';
}

/** The decisions of many payments reach their legs: to each what a CommitLeg of its own does, in this order. Since semantics version MANY_TOLD_SINCE. */
export interface CommitMany {
  readonly kind: 'commit-many';
  readonly legs: readonly CommittedLeg[];
}

export interface RollbackLeg {
  readonly kind: 'rollback';
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly account: AccountNumber;
  /** For the tombstone's history line; the body's leg. */
  readonly spec: LegSpec;
  readonly reason: AbortReason;
}

/** A participant asks the home of an undecided leg: decided → the decision, none → records ABORTED. */
export interface Resolve {
  readonly kind: 'resolve';
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  /** `system` for automatic resolution; an operator's forced one is recorded under his name. */
  readonly subject: Subject;
  /** When an operator asked for it; tells his action from another of his, and a repetition from both. Null for `system`. */
  readonly askedAtMs: number | null;
}

/** Legs of one payment that have been told what its home decided. */
export interface ToldLegs {
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly accounts: readonly AccountNumber[];
}

/** At the home: these remote legs have acknowledged the decision. */
export interface Acknowledge extends ToldLegs {
  readonly kind: 'acknowledge';
}

/** The same of many payments, each as if it had come alone, in this order. Since semantics version MANY_TOLD_SINCE. */
export interface AcknowledgeMany {
  readonly kind: 'acknowledge-many';
  readonly told: readonly ToldLegs[];
}

/** Frees an authorization whose expiry has passed; apply checks the stamp again. */
export interface Expire {
  readonly kind: 'expire';
  readonly account: AccountNumber;
  readonly txn: TxnId;
}

/** Makes a lock effective on an account (or a free lock id with the account's number form). */
export interface AcquireLock {
  readonly kind: 'acquire-lock';
  readonly slot: Slot;
  readonly lockId: string;
  readonly owner: string;
  /** Shared ones since semantics version LOCK_HOLDERS_SINCE only. */
  readonly mode: 'exclusive' | 'shared';
  readonly ttlMs: number;
  readonly subject: Subject;
}

export interface RefreshLock {
  readonly kind: 'refresh-lock';
  readonly slot: Slot;
  readonly lockId: string;
  readonly owner: string;
  readonly ttlMs: number;
}

export interface ReleaseLock {
  readonly kind: 'release-lock';
  readonly slot: Slot;
  readonly lockId: string;
  readonly owner: string;
}

/** An operator ends a lock whose holder does not. Since semantics version LOCK_HOLDERS_SINCE. */
export interface BreakLock {
  readonly kind: 'break-lock';
  readonly slot: Slot;
  readonly lockId: string;
  /** The highest that the operator has seen. */
  readonly upToToken: number;
  readonly subject: Subject;
}

/** An operator's change of an account. `close` needs balance, holds and pending credits of zero. */
export interface ChangeAccount {
  readonly kind: 'change-account';
  readonly key: PaymentKey;
  readonly txn: TxnId;
  readonly number: AccountNumber;
  readonly change:
    | { readonly kind: 'freeze' }
    | { readonly kind: 'unfreeze' }
    | { readonly kind: 'close' }
    | { readonly kind: 'set-minimum'; readonly minimumMinor: AmountMinor };
  readonly subject: Subject;
  readonly lockToken: number | null;
  readonly undecided: readonly TxnId[];
}

/** One of two buckets between which slots move is told something about the move (docs/adr/0029). Since semantics version SLOTS_MOVE_SINCE. */
interface OfMove {
  readonly move: MoveNumber;
  readonly slots: SlotRange;
}

/** To the next owner: rows will come. A later attempt ends an earlier one. */
export interface BeginImport extends OfMove {
  readonly kind: 'begin-import';
  readonly from: BucketId;
  /** From 1. */
  readonly attempt: number;
}

/** The next part of the rows, or what has changed in them since: the last version of each counts. */
export interface ImportRows extends OfMove {
  readonly kind: 'import-rows';
  readonly attempt: number;
  /** From 0. */
  readonly part: number;
  readonly rows: MovedRows;
}

/** All rows have come, as the release left them: the slots are the next owner's. Alone in its entry. */
export interface AdoptSlots extends OfMove {
  readonly kind: 'adopt-slots';
  readonly attempt: number;
  readonly parts: number;
  /** What its rows add up to where they come from. */
  readonly sums: MovedSums;
  readonly handover: Handover;
}

/** It shall not adopt them any more. Where it has, it says so. */
export interface DeclineImport extends OfMove {
  readonly kind: 'decline-import';
}

/** To the owner: it is that no more. */
export interface ReleaseSlots extends OfMove {
  readonly kind: 'release-slots';
  readonly to: BucketId;
}

/** To the last owner, once the next one has declined: the slots are its own again, or stay so. Alone in its entry. */
export interface ReclaimSlots extends OfMove {
  readonly kind: 'reclaim-slots';
}

/** To the last owner, once the next one has adopted them: its rows of these slots go. */
export interface ConfirmRelease extends OfMove {
  readonly kind: 'confirm-release';
  readonly sums: MovedSums;
}
