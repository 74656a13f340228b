/** What a global transaction wants done. Data only; the host performs them in their order and reports back with events. */
import type { Acknowledge, Alarm, CommitLeg, DecideAbort, DecideCommit, OutcomeRow, Prepare, Resolve, RollbackLeg, UndecidedLeg } from '@mas/ledger';
import type { BucketId } from '@mas/values';
import type { NoQuorum, NoStore, Waiter } from './transaction-event';
import type { RecordedPayment } from './transaction-state';

export type Decide = DecideCommit | DecideAbort | Resolve;

export type TransactionEffect =
  /** Write the PENDING entry and look for exclusive locks: `journaled`. */
  | { readonly kind: 'journal-begin' }
  /** Wait until these locks are free: `locks-clear` or `lock-timeout`. */
  | { readonly kind: 'await-locks'; readonly lockIds: readonly string[] }
  /** `leg-replied` */
  | { readonly kind: 'prepare'; readonly bucket: BucketId; readonly instruction: Prepare }
  /** `home-replied` */
  | { readonly kind: 'decide'; readonly bucket: BucketId; readonly instruction: Decide }
  /** `homes-answered` */
  | { readonly kind: 'query-homes'; readonly waiter: Waiter; readonly undecided: readonly UndecidedLeg[] }
  /** Tell other transactions' legs what their homes decided: `settled`, once all are told or given up. */
  | { readonly kind: 'settle'; readonly waiter: Waiter; readonly bucket: BucketId; readonly instructions: readonly (CommitLeg | RollbackLeg)[] }
  /** `woken` after the delay. */
  | { readonly kind: 'wake'; readonly waiter: Waiter; readonly delayMs: number }
  /** A bucket did not own a slot: `placed` with a newer placing, or the same one after a pause. */
  | { readonly kind: 'refresh-placement' }
  | { readonly kind: 'answer'; readonly answer: TransactionAnswer }
  /** `leg-told` */
  | { readonly kind: 'tell'; readonly bucket: BucketId; readonly instruction: CommitLeg | RollbackLeg }
  /** No event follows. */
  | { readonly kind: 'acknowledge'; readonly bucket: BucketId; readonly instruction: Acknowledge }
  /** Write the terminal entry; once when decided with legs still to tell, once more at the end. */
  | { readonly kind: 'journal-end' }
  /** The call was refused and nothing is recorded anywhere: drop the entry that `journal-begin` wrote. */
  | { readonly kind: 'journal-forget' }
  | { readonly kind: 'alarm'; readonly alarm: Alarm; readonly bucket: BucketId }
  /** Nothing is awaited any more. */
  | { readonly kind: 'ended' };

export type TransactionAnswer =
  /** What home has recorded; never what was intended. */
  | { readonly kind: 'recorded'; readonly outcome: RecordedPayment; readonly fresh: boolean }
  /** The id belongs to another body. */
  | { readonly kind: 'conflict'; readonly bound: OutcomeRow }
  /** The home could not be asked in time. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** The home has too few replicas to record anything, and nothing of this attempt has reached its log. */
  | { readonly kind: 'no-quorum'; readonly noQuorum: NoQuorum }
  /** The home's leader has no database, nobody is better off, and nothing of this attempt has reached its log. */
  | { readonly kind: 'no-store'; readonly noStore: NoStore }
  /** The caller's token was refused; nothing is recorded as committed. */
  | { readonly kind: 'rejected'; readonly error: 'unauthenticated' | 'permission-denied'; readonly reason: string };
