/**
 * What applying one instruction answers. LOCKED, WAIT and WRONG_BUCKET record nothing, and REFUSED only where it is the end of
 * an account's change; everything else is replicated state and is answered alike forever.
 */
import type { AccountNumber, PaymentKey, Slot, TxnId } from '@mas/values';
import type { Refusal } from './refusal';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';
import type { Handover, MoveNumber } from './slot-moves';

export type Outcome =
  /** PREPARE: the promise stands (new or repeated). */
  | { readonly kind: 'prepared'; readonly leg: LegRow }
  /** PREPARE, COMMIT, ROLLBACK: the leg has ended in this state; COMMIT and ROLLBACK read it as OK when it is theirs. */
  | { readonly kind: 'leg-ended'; readonly leg: LegRow }
  /** DECIDE, RESOLVE: what the home has recorded, now or earlier (`fresh` says which). */
  | { readonly kind: 'decided'; readonly outcome: OutcomeRow; readonly fresh: boolean }
  /** DECIDE, RESOLVE: the key belongs to another txn; its record is given so that the differing field can be named. */
  | { readonly kind: 'conflict'; readonly bound: OutcomeRow }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** An exclusive lock of another owner is in force. */
  | { readonly kind: 'locked'; readonly lock: LockRow }
  /** Would fail only because of credits (or an original) that are not decided yet: ask their homes first. */
  | { readonly kind: 'wait'; readonly undecided: readonly UndecidedLeg[] }
  /** The slot is not owned here (any more). */
  | { readonly kind: 'wrong-bucket'; readonly slot: Slot; readonly epoch: number }
  /** CREATE: the account as it is now. CHANGE: as the change left it. `fresh` is false for a repetition. */
  | { readonly kind: 'account'; readonly account: AccountRow; readonly fresh: boolean }
  /** LOCK, REFRESH: held; effective for the caller once `preparedLegs` is 0. */
  | { readonly kind: 'lock'; readonly lock: LockRow; readonly preparedLegs: number }
  | { readonly kind: 'lock-released'; readonly lockId: string }
  /** GENESIS, SET_POLICY, ACKNOWLEDGE, EXPIRE: nothing more to say. COMMIT and ACKNOWLEDGE of many: every member has ended as it should. */
  | { readonly kind: 'done' }
  /** COMMIT and ACKNOWLEDGE of many, of which some have not: what each came to, in order. */
  | { readonly kind: 'each'; readonly outcomes: readonly MemberOutcome[] }
  /** What is told about slots that move: how far the move is in this bucket. */
  | { readonly kind: 'move'; readonly move: MoveNumber; readonly stage: MoveStage }
  /** Must not happen: phase 2 without a prepare, commit of an aborted leg, rollback of a committed one. Logged as an error, answered as one. */
  | { readonly kind: 'alarm'; readonly alarm: Alarm };

export type MoveStage =
  /** Of this attempt so many parts have come. */
  | { readonly kind: 'importing'; readonly attempt: number; readonly parts: number }
  /** The slots are, or were, the bucket's by this move. */
  | { readonly kind: 'adopted' }
  /** It will never adopt them by this move. */
  | { readonly kind: 'declined' }
  | { readonly kind: 'released'; readonly handover: Handover }
  | { readonly kind: 'reclaimed' }
  | { readonly kind: 'confirmed' }
  /** A later move of these slots has reached the bucket: this one is over, one way or the other. */
  | { readonly kind: 'over' }
  /** Nothing has changed. */
  | { readonly kind: 'refused'; readonly reason: MoveRefusal };

export const MOVE_REFUSALS = [
  /** Released by a bucket that does not own all of them, or offered to one that owns some. */
  'NOT_OWNED',
  'OWNED_ALREADY',
  /** Some of them are still leaving this bucket by an earlier move. */
  'STILL_LEAVING',
  /** Of an attempt, or a move, that has not begun here, or of which other rows have come. */
  'NOT_IMPORTING',
  'INCOMPLETE',
  /** Rows of other slots. */
  'ROWS_ELSEWHERE',
  /** This bucket does not know yet what the other one goes by. */
  'SEMANTICS_OLDER',
  'POLICY_OLDER',
  'BUCKET_FULL',
] as const;

export type MoveRefusal = (typeof MOVE_REFUSALS)[number];

/** Without rows: a later member may change what an earlier one has changed. */
export type MemberOutcome = Extract<Outcome, { readonly kind: 'done' | 'alarm' | 'wrong-bucket' }>;

export type AlarmName =
  | 'COMMIT_WITHOUT_PREPARE'
  | 'COMMIT_OF_ABORTED_LEG'
  | 'ROLLBACK_OF_COMMITTED_LEG'
  | 'COMMIT_NOT_BEHIND_PREPARE'
  | 'COMMIT_TIMES_DIFFER'
  | 'UNKNOWN_OUTCOME_ACKNOWLEDGED';

export interface Alarm {
  readonly name: AlarmName;
  readonly txn: TxnId;
  readonly account: AccountNumber;
}

export interface UndecidedLeg {
  readonly txn: TxnId;
  readonly key: PaymentKey;
  readonly homeSlot: Slot;
  readonly account: AccountNumber;
}
