/** What a global transaction is about; fixed before it begins. */
import type { PaymentBody, Subject } from '@mas/ledger';
import type { AccountNumber, BucketId, PaymentKey, Slot, TxnId } from '@mas/values';

export interface TransactionPlan {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly body: PaymentBody;
  readonly subject: Subject;
  /** Fencing tokens of exclusive locks that the caller holds on accounts of the body. */
  readonly lockTokens: readonly LockToken[];
  /** Wall clock, for people. */
  readonly createdAtMs: number;
  /** The same moment on the monotonic clock that every event's `nowMs` comes from. */
  readonly startedAtMs: number;
  readonly limits: TransactionLimits;
}

export interface LockToken {
  readonly account: AccountNumber;
  readonly token: number;
}

export interface TransactionLimits {
  /** LOCKED and WAIT are asked again for so long in all; then the payment aborts. */
  readonly lockedRetryMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** So long one payment follows slots that move under it; for whoever waits for it the deadline comes first. */
  readonly movedRetryMs: number;
}

/** Where the slots were when somebody looked: of the home and of each of the body's legs, in their order. */
export interface Placing {
  readonly homeBucket: BucketId;
  readonly legBuckets: readonly BucketId[];
}
