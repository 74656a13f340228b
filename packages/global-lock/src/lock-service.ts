/**
 * The GlobalLock Service: Lock, Unlock, Refresh and Status over several ids at once, with the attempts, delay and
 * time-out of the request. Exclusive locks become effective in their buckets (port BucketLocks) before OK is answered.
 */
import type { Subject } from '@mas/ledger';
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
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface GlobalLockService {
  acquire(request: { readonly lockIds: readonly string[]; readonly mode: LockMode; readonly handle: string | null; readonly properties: LockProperties; readonly subject: Subject; readonly token: string; readonly deadlineMs: number }): Promise<LockReply>;
  release(request: { readonly lockIds: readonly string[]; readonly handle: string; readonly deadlineMs: number }): Promise<LockReply>;
  refresh(request: { readonly lockIds: readonly string[]; readonly handle: string; readonly timeoutMs: number; readonly deadlineMs: number }): Promise<LockReply>;
  status(lockId: string): Promise<LockHolder | null>;
}

/** Port: exclusive locks take effect as rows of the buckets that own the ids. Idempotent per owner. */
export interface BucketLocks {
  /** `preparedLegs` > 0: granted, but legs prepared before it are still undecided; ask again. */
  acquire(lockId: string, owner: string, ttlMs: number, token: string): Promise<{ readonly kind: 'granted'; readonly token: number; readonly preparedLegs: number } | { readonly kind: 'held'; readonly owner: string; readonly remainingMs: number } | { readonly kind: 'unavailable'; readonly reason: string }>;
  refresh(lockId: string, owner: string, ttlMs: number): Promise<'refreshed' | 'lost' | 'unavailable'>;
  release(lockId: string, owner: string): Promise<'released' | 'not-held' | 'unavailable'>;
}
