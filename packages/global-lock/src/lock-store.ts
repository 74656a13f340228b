/**
 * Port: the lock table that queues and wakes (Redis, or its embedded stand-in). What it holds is advisory: a
 * lock takes effect as a row in the bucket of its account. Several keys are taken atomically or not at
 * all. Every method rejects with LockStoreUnavailable when the store does not answer in time.
 */
export type LockMode = 'shared' | 'exclusive';

export interface LockRequest {
  /** Sorted ascending as bytes, no duplicates, 1 … 64. */
  readonly lockIds: readonly string[];
  readonly mode: LockMode;
  /** The owner's handle: an unguessable string minted per Lock() call. */
  readonly owner: string;
  readonly timeoutMs: number;
}

export interface LockHolder {
  readonly lockId: string;
  readonly mode: LockMode;
  readonly owners: readonly string[];
  /** Milliseconds until the longest-lived holder expires. */
  readonly remainingMs: number;
  /** Effective fencing token of an exclusive holder, once its bucket has given one. */
  readonly token: number | null;
}

export type LockAttempt = { readonly kind: 'acquired' } | { readonly kind: 'held'; readonly by: LockHolder };

export interface LockStore {
  /** Atomic: all of them or none. An expired holder does not count. Re-acquiring with the same owner refreshes. */
  tryAcquire(request: LockRequest): Promise<LockAttempt>;
  /** Extends what `owner` holds; the ids it no longer holds are returned. */
  refresh(lockIds: readonly string[], owner: string, timeoutMs: number): Promise<{ readonly lost: readonly string[] }>;
  /** Only the owner releases; the ids that it did not hold are returned. Wakes waiters. */
  release(lockIds: readonly string[], owner: string): Promise<{ readonly notHeld: readonly string[] }>;
  holder(lockId: string): Promise<LockHolder | null>;
  /** Records the fencing token that the bucket gave to an exclusive holder, whose lock lasts for at least `remainingMs` more. */
  recordToken(lockId: string, owner: string, token: number, remainingMs: number): Promise<void>;
  /** Which of these ids an exclusive holder has: one command for any number of ids. */
  exclusiveAmong(lockIds: readonly string[]): Promise<readonly string[]>;
  /** Puts exclusive locks back that buckets report as effective (after the store was emptied). */
  republish(locks: readonly { readonly lockId: string; readonly owner: string; readonly token: number; readonly remainingMs: number }[]): Promise<void>;
  /** Forgets all holders of an id, whose bucket has ended them, and wakes waiters. */
  evict(lockId: string): Promise<void>;
  /** This owner waits for these ids, for at most `forMs` unless it says so again; 0: not any more. For people only. */
  noteWaiting(lockIds: readonly string[], owner: string, forMs: number): Promise<void>;
  /** How many wait for an id. */
  waiting(lockId: string): Promise<number>;
  /** Resolves when one of the ids may have become free, or after `timeoutMs`. */
  waitForRelease(lockIds: readonly string[], timeoutMs: number): Promise<void>;
}

export class LockStoreUnavailable extends Error {
  readonly kind = 'lock-store-unavailable';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'LockStoreUnavailable';
  }
}
