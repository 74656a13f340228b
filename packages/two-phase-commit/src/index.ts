export { advance, globalTransaction, resolveTransaction } from './global-transaction';
export { decideCommitOf, NO_PROMISES, prepareOf, type Promises } from './instructing';
export type { LocalState, LocalTransaction } from './local-transaction';
export type * from './participant-protocol';
export { freshCommit, isTold, promiseOf, remoteLegOf, transactionAfter, type LegPromise, type PlainCourse, type RemoteLeg } from './plain-way';
export { NOBODY_MS, noQuorumText, noStoreText, QUICK_ATTEMPT_MS, Soundings } from './soundings';
export type { Decide, TransactionAnswer, TransactionEffect } from './transaction-effect';
export type { HomeAnswer, InstructionReply, NoQuorum, NoStore, TransactionEvent, Unreachable, Waiter } from './transaction-event';
export type { LockToken, Placing, TransactionLimits, TransactionPlan } from './transaction-plan';
export {
  MAX_TIMELINE_STEPS,
  timelineOf,
  type Advance,
  type Deciding,
  type GlobalPhase,
  type GlobalTransaction,
  type Intent,
  type RecordedPayment,
  type Timeline,
  type TransactionStep,
  type Verdict,
} from './transaction-state';
