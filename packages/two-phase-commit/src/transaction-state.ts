/**
 * The state of a global transaction: which phase it is in and what is known of each leg. Values only; the transitions
 * are in the files named for the phases.
 */
import type { AbortReason, OutcomeRow, PaymentBody, Resolve } from '@mas/ledger';
import type { AccountNumber, BucketId, TxnId } from '@mas/values';
import { patched, type LegPatch, type LocalTransaction } from './local-transaction';
import type { HomeRecord } from './participant-protocol';
import type { TransactionAnswer, TransactionEffect } from './transaction-effect';
import type { TransactionPlan } from './transaction-plan';

export interface GlobalTransaction {
  readonly plan: TransactionPlan;
  readonly homeBucket: BucketId;
  /** In the order of the body's legs. */
  readonly legs: readonly LocalTransaction[];
  readonly phase: GlobalPhase;
  readonly answered: boolean;
  /** When a bucket first said LOCKED or WAIT; the time to ask again runs from then. */
  readonly heldUpSinceMs: number | null;
  /** When a bucket first said WRONG_BUCKET. */
  readonly movedSinceMs: number | null;
  /** A newer map is being looked for: whoever is answered WRONG_BUCKET meanwhile waits for the same one. */
  readonly isLookingUp: boolean;
  /** The latest step first; timelineOf gives them in their order. */
  readonly timeline: Timeline | null;
}

export type GlobalPhase =
  | { readonly kind: 'created' }
  | { readonly kind: 'journaling' }
  | { readonly kind: 'awaiting-locks' }
  | { readonly kind: 'preparing' }
  | Deciding
  | { readonly kind: 'telling'; readonly verdict: Verdict }
  | { readonly kind: 'ended'; readonly verdict: Verdict | null };

export interface Deciding {
  readonly kind: 'deciding';
  readonly intent: Intent;
  /** asked: an instruction is at the home. held-up: it answered LOCKED, WAIT or WRONG_BUCKET. */
  readonly state: 'asked' | 'held-up';
  readonly undecided: readonly TxnId[];
  readonly retries: number;
  /** The deadline has come while the home was being asked: do not ask for a commit again. */
  readonly late: boolean;
}

/** What the coordinator would like; the home may have recorded otherwise. */
export type Intent =
  | { readonly kind: 'commit' }
  | { readonly kind: 'abort'; readonly reason: AbortReason }
  /**
   * RESOLVE: whatever is decided, else an abort. For recovery, for an operator, and after the caller's token was
   * refused when legs may have been prepared (then `rejection` is what he hears).
   */
  | { readonly kind: 'resolve'; readonly rejection: Extract<TransactionAnswer, { kind: 'rejected' }> | null; readonly resolve: Resolve };

/** How it ended: the home's record, or the news that the key is bound to another transaction. */
export type Verdict =
  | { readonly kind: 'recorded'; readonly outcome: RecordedPayment; readonly fresh: boolean }
  | { readonly kind: 'conflict'; readonly bound: OutcomeRow };

/** A payment and what its home has recorded of it. */
export interface RecordedPayment extends HomeRecord {
  readonly txn: TxnId;
  readonly body: PaymentBody;
}

export interface Advance {
  readonly txn: GlobalTransaction;
  readonly effects: readonly TransactionEffect[];
}

export interface TransactionStep {
  /** Wall clock: the payment's creation plus the monotonic time since. */
  readonly atMs: number;
  readonly step: string;
  readonly bucket: BucketId | null;
  readonly detail: string | null;
}

/** A timeline keeps its first steps; what a payment with many legs and retries does beyond that is in the log. */
export const MAX_TIMELINE_STEPS = 256;

/** A list that shares its past: a transaction gets a step with every event, on every payment's way. */
export interface Timeline extends TransactionStep {
  readonly before: Timeline | null;
  readonly count: number;
}

/** What a step changes besides the timeline. */
type Patch = Partial<Pick<GlobalTransaction, 'legs' | 'phase' | 'answered'>>;

/**
 * The transaction with `patch` and one more step, for people who ask what happened to the payment. Field by field and not by
 * spreading: every payment comes here some ten times, and a second spread into one literal is many times as slow.
 */
export function withStep(
  txn: GlobalTransaction,
  nowMs: number,
  step: string,
  bucket: BucketId | null = null,
  detail: string | null = null,
  patch: Patch = NO_PATCH,
): GlobalTransaction {
  const { plan, timeline: before } = txn;
  const count = before === null ? 1 : before.count + 1;
  const atMs = plan.createdAtMs + Math.max(0, Math.round(nowMs - plan.startedAtMs));
  return {
    plan,
    homeBucket: txn.homeBucket,
    legs: patch.legs ?? txn.legs,
    phase: patch.phase ?? txn.phase,
    answered: patch.answered ?? txn.answered,
    heldUpSinceMs: txn.heldUpSinceMs,
    movedSinceMs: txn.movedSinceMs,
    isLookingUp: txn.isLookingUp,
    timeline: count > MAX_TIMELINE_STEPS ? before : { atMs, step, bucket, detail, before, count },
  };
}

const NO_PATCH: Patch = {};

/** First step first. */
export function timelineOf(txn: GlobalTransaction): readonly TransactionStep[] {
  const steps: TransactionStep[] = [];
  for (let at = txn.timeline; at !== null; at = at.before) steps.push({ atMs: at.atMs, step: at.step, bucket: at.bucket, detail: at.detail });
  return steps.reverse();
}

export function withLeg(txn: GlobalTransaction, account: AccountNumber, patch: LegPatch): GlobalTransaction {
  return { ...txn, legs: legsWith(txn, account, patch) };
}

export function legsWith(txn: GlobalTransaction, account: AccountNumber, patch: LegPatch): readonly LocalTransaction[] {
  return txn.legs.map((leg) => (leg.spec.account === account ? patched(leg, patch) : leg));
}
