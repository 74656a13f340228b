/** What can happen to a global transaction. `nowMs` is the host's monotonic clock, read when the event is handled. */
import type { OutcomeRow, UndecidedLeg } from '@mas/ledger';
import type { AccountNumber, BucketId, RmId } from '@mas/values';
import type { ItemReply } from './participant-protocol';
import type { Placing } from './transaction-plan';

/** A bucket's answer to one instruction, or none in the time given; then it may have taken effect or not. */
export type InstructionReply = ItemReply | Unreachable;

export interface Unreachable {
  readonly kind: 'unreachable';
  readonly reason: string;
  /** Why, where it is known: too few of the bucket's replicas are there. */
  readonly noQuorum?: NoQuorum;
  /** Or: its leader cannot serve it. */
  readonly noStore?: NoStore;
  /** Nothing was sent: as much waits for the bucket as may wait. */
  readonly isCrowded?: true;
}

export interface NoQuorum {
  readonly bucket: BucketId;
  readonly up: number;
  readonly of: number;
  readonly needed: number;
  /** Something was sent whose fate is not known, so it may have taken effect. */
  readonly perhapsDone: boolean;
}

export interface NoStore {
  readonly bucket: BucketId;
  /** It leads the bucket, and its database does not answer; no replica is better off. */
  readonly rm: RmId;
  /** Something was sent whose fate is not known, so it may have taken effect. */
  readonly perhapsDone: boolean;
}

/** Who waits for an answer about other transactions or for a moment to try again: one leg, or the decision at home. */
export type Waiter = AccountNumber | 'home';

export interface HomeAnswer {
  readonly leg: UndecidedLeg;
  readonly recorded: OutcomeRow | null | 'unreachable';
}

export type TransactionEvent =
  | { readonly kind: 'begin'; readonly nowMs: number }
  /** The PENDING entry is written, or Redis was silent; and which accounts an exclusive lock holds. */
  | { readonly kind: 'journaled'; readonly nowMs: number; readonly written: boolean; readonly exclusivelyLocked: readonly string[] }
  | { readonly kind: 'locks-clear'; readonly nowMs: number }
  | { readonly kind: 'lock-timeout'; readonly nowMs: number; readonly lockId: string; readonly attempts: number }
  | { readonly kind: 'leg-replied'; readonly nowMs: number; readonly account: AccountNumber; readonly reply: InstructionReply }
  | { readonly kind: 'home-replied'; readonly nowMs: number; readonly reply: InstructionReply }
  | { readonly kind: 'homes-answered'; readonly nowMs: number; readonly waiter: Waiter; readonly answers: readonly HomeAnswer[] }
  /** Legs of other transactions that held this one up have been told their decision. */
  | { readonly kind: 'settled'; readonly nowMs: number; readonly waiter: Waiter }
  | { readonly kind: 'woken'; readonly nowMs: number; readonly waiter: Waiter }
  | { readonly kind: 'placed'; readonly nowMs: number; readonly placing: Placing }
  /** Too late to begin anything; time is left to record an abort and to answer. */
  | { readonly kind: 'deadline'; readonly nowMs: number }
  /** The last moment at which the caller listens. */
  | { readonly kind: 'answer-by'; readonly nowMs: number }
  | { readonly kind: 'leg-told'; readonly nowMs: number; readonly account: AccountNumber; readonly reply: InstructionReply };
