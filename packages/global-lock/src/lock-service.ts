/**
 * The GlobalLock Service: Lock, Unlock, Refresh and Status over several ids at once, with the attempts, delay and
 * time-out of the request. Locks become effective in their buckets (port BucketLocks) before OK is answered.
 */
import type { Subject } from '@mas/ledger';
import type { BucketId } from '@mas/values';
import type { LockHolder, LockMode } from './lock-store';

export interface LockProperties {
  /** Default 10. */
  readonly lockAttempts: number;
  /** Default 1000. A release wakes a waiter earlier. */
  readonly lockAttemptDelayMs: number;
  /** Default 5000: how long the lock is held without a refresh. */
  readonly lockTimeoutMs: number;
}

export const DEFAULT_LOCK_PROPERTIES: LockProperties = { lockAttempts: 10, lockAttemptDelayMs: 1000, lockTimeoutMs: 5000 };

export interface EffectiveLock {
  readonly lockId: string;
  /** Fencing token, exclusive mode only. */
  readonly token: number | null;
}

export type LockReply =
  | { readonly kind: 'acquired'; readonly handle: string; readonly locks: readonly EffectiveLock[]; readonly timeoutMs: number }
  /** All attempts used up, or the deadline came first. */
  | { readonly kind: 'held'; readonly by: LockHolder | null; readonly attempts: number }
  | { readonly kind: 'lost'; readonly lockIds: readonly string[] }
  /** The call had ended before the answer: nothing was kept. */
  | { readonly kind: 'cancelled' }
  /** By a bucket, by name: nothing gets better by asking again. */
  | { readonly kind: 'refused'; readonly name: string; readonly lockId: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** Who holds a lock, as its bucket says, and who last broke it. */
export interface LockReport {
  readonly lockId: string;
  /** Null: free. */
  readonly mode: LockMode | null;
  readonly holders: readonly LockReportHolder[];
  /** Calls that wait for it; null where the lock table does not say. */
  readonly waiting: number | null;
  readonly lastBreak: { readonly by: string; readonly atMs: number; readonly upToToken: number } | null;
}

export interface LockReportHolder {
  /** For people: `operator …` or `account …`; '' where the bucket does not record it yet. */
  readonly heldBy: string;
  /** Null: not effective in its bucket (yet), as the locks that payments take for themselves. */
  readonly token: number | null;
  readonly remainingMs: number;
}

/** What is held in all buckets that answer. */
export interface LockList {
  /** Ascending by id. */
  readonly locks: readonly LockReport[];
  readonly silent: readonly BucketId[];
  /** How many are held beyond these. */
  readonly more: number;
}

export type BreakReply =
  | { readonly kind: 'broken'; readonly was: LockReport }
  | { readonly kind: 'not-held' }
  | Extract<LockReply, { readonly kind: 'refused' | 'unavailable' }>;

export interface GlobalLockService {
  /**
   * `signal`: the call has ended, so that nobody will hear the answer. Then it gives up its place, and a grant that comes too late
   * is given back (unless the caller brought the handle: then he knows it, and may hold the lock already).
   */
  acquire(request: {
    readonly signal?: AbortSignal;
    readonly lockIds: readonly string[];
    readonly mode: LockMode;
    readonly handle: string | null;
    readonly properties: LockProperties;
    readonly subject: Subject;
    readonly token: string;
    readonly deadlineMs: number;
  }): Promise<LockReply>;
  release(request: { readonly lockIds: readonly string[]; readonly handle: string; readonly deadlineMs: number }): Promise<LockReply>;
  refresh(request: {
    readonly lockIds: readonly string[];
    readonly handle: string;
    readonly timeoutMs: number;
    readonly deadlineMs: number;
  }): Promise<LockReply>;
  /** What the lock table knows: quick, and a hint only. */
  status(lockId: string): Promise<LockHolder | null>;
  /** What counts. Rejects with LockStoreUnavailable when the bucket does not say. */
  inspect(lockId: string, deadlineMs: number): Promise<LockReport>;
  list(deadlineMs: number): Promise<LockList>;
  /** Ends all its holders. The bucket verifies that the token is an operator's, and records his name and the time. */
  break(request: { readonly lockId: string; readonly token: string; readonly deadlineMs: number }): Promise<BreakReply>;
}

/** Port: locks take effect as rows of the buckets that own the ids. Idempotent per owner. */
export interface BucketLocks {
  /** `preparedLegs` > 0: granted, but legs prepared before it are still undecided; ask again. */
  acquire(lockId: string, owner: string, mode: LockMode, ttlMs: number, token: string): Promise<BucketGrant>;
  refresh(lockId: string, owner: string, ttlMs: number): Promise<'refreshed' | 'lost' | 'unavailable'>;
  release(lockId: string, owner: string): Promise<'released' | 'not-held' | 'unavailable'>;
  /** Null: the bucket does not say. */
  inspect(lockId: string, deadlineMs: number): Promise<Omit<LockReport, 'waiting'> | null>;
  /** Those that are held, in no order, and the buckets that do not say. */
  list(deadlineMs: number): Promise<{ readonly locks: readonly Omit<LockReport, 'waiting'>[]; readonly silent: readonly BucketId[] }>;
  /** Ends the holders up to this fencing token. */
  break(lockId: string, upToToken: number, token: string): Promise<'broken' | 'not-held' | Extract<LockReply, { readonly kind: 'refused' | 'unavailable' }>>;
}

export type BucketGrant =
  | { readonly kind: 'granted'; readonly token: number; readonly preparedLegs: number }
  | { readonly kind: 'held'; readonly mode: LockMode; readonly owner: string; readonly remainingMs: number }
  | Extract<LockReply, { readonly kind: 'refused' | 'unavailable' }>;
