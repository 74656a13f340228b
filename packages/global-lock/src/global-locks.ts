/**
 * The GlobalLock Service. The lock table (port LockStore) queues and wakes; an exclusive lock is answered only once it is
 * effective in the buckets. Without the lock table exclusive locks still work, by asking the buckets again and again;
 * shared ones, which live in the table only, are unavailable.
 *
 * An attempt is one LockAttemptDelay. A release wakes a waiter within his delay for a try that costs no attempt, or a
 * crowd around one busy lock would use up everybody's attempts in a moment.
 */
import { delay, invariant, type Clock, type Logger, type Random } from '@mas/values';
import { BucketGrants } from './bucket-grants';
import { handleMode, mintHandle } from './lock-handle';
import type { BucketLocks, EffectiveLock, GlobalLockService, LockReply } from './lock-service';
import type { LockAttempt, LockHolder, LockStore, LockStoreUnavailable } from './lock-store';

export interface GlobalLocksPorts {
  readonly store: LockStore;
  readonly buckets: BucketLocks;
  readonly clock: Clock;
  /** For handles: backed by the operating system's generator in production. */
  readonly random: Random;
  readonly logger: Logger;
}

export const MAX_LOCK_IDS = 64;
/** Tries that releases may trigger within one attempt's delay. */
const MAX_WAKES_PER_ATTEMPT = 100;
/** How often a bucket is asked for a lock that the table does not know of. */
const BUCKET_RETRY_MS = 250;

type AcquireRequest = Parameters<GlobalLockService['acquire']>[0];
/** `in`: who said so. The table wakes its waiters; a bucket is asked again after a while. */
type TryResult = Exclude<LockReply, { readonly kind: 'held' }> | { readonly kind: 'held'; readonly by: LockHolder | null; readonly in: 'table' | 'bucket' };

export class GlobalLocks implements GlobalLockService {
  private readonly grants: BucketGrants;

  constructor(private readonly ports: GlobalLocksPorts) {
    this.grants = new BucketGrants(ports.buckets, ports.clock);
  }

  async acquire(request: AcquireRequest): Promise<LockReply> {
    const { clock, random } = this.ports;
    const lockIds = ascending(request.lockIds);
    const { lockAttempts, lockAttemptDelayMs } = request.properties;
    if (request.handle !== null && handleMode(request.handle) !== request.mode) return { kind: 'lost', lockIds };
    const handle = request.handle ?? mintHandle(request.mode, random);
    for (let attempt = 1; ; attempt += 1) {
      const windowEndsMs = Math.min(clock.monotonicMs() + lockAttemptDelayMs, request.deadlineMs);
      const result = await this.tryWithin(windowEndsMs, lockIds, handle, request, attempt === lockAttempts);
      if (result.kind !== 'held') return result;
      if (attempt >= lockAttempts || clock.monotonicMs() >= request.deadlineMs) return { kind: 'held', by: result.by, attempts: attempt };
    }
  }

  async release(request: { readonly lockIds: readonly string[]; readonly handle: string }): Promise<LockReply> {
    const lockIds = ascending(request.lockIds);
    const exclusive = handleMode(request.handle) === 'exclusive';
    // Buckets first: whom the table wakes finds the lock free.
    const inBuckets = exclusive ? await this.grants.releaseAll(lockIds, request.handle) : { notHeld: lockIds, unavailable: [] };
    const inTable = await this.answered(this.ports.store.release(lockIds, request.handle));
    if (inBuckets.unavailable.length > 0) return { kind: 'unavailable', reason: `no answer from the bucket of ${inBuckets.unavailable.join(', ')}; the lock expires by itself` };
    if (!exclusive && inTable === undefined) return { kind: 'unavailable', reason: 'the lock table does not answer; the lock expires by itself' };
    // Held is what either side knew: the table may have been emptied, a bucket never reached.
    const lost = inBuckets.notHeld.filter((lockId) => inTable?.notHeld.includes(lockId) !== false);
    return lost.length > 0 ? { kind: 'lost', lockIds: lost } : { kind: 'acquired', handle: request.handle, locks: [], timeoutMs: 0 };
  }

  async refresh(request: { readonly lockIds: readonly string[]; readonly handle: string; readonly timeoutMs: number }): Promise<LockReply> {
    const lockIds = ascending(request.lockIds);
    const exclusive = handleMode(request.handle) === 'exclusive';
    const inBuckets = exclusive ? await this.grants.refreshAll(lockIds, request.handle, request.timeoutMs) : { lost: [], unavailable: [] };
    const inTable = await this.answered(this.ports.store.refresh(lockIds, request.handle, request.timeoutMs));
    // For an exclusive lock the buckets decide; what the table has lost is put back by the republisher.
    const lost = exclusive ? inBuckets.lost : (inTable?.lost ?? []);
    if (lost.length > 0) return { kind: 'lost', lockIds: lost };
    if (inBuckets.unavailable.length > 0) return { kind: 'unavailable', reason: `no answer from the bucket of ${inBuckets.unavailable.join(', ')}` };
    if (!exclusive && inTable === undefined) return { kind: 'unavailable', reason: 'the lock table does not answer' };
    return { kind: 'acquired', handle: request.handle, locks: lockIds.map((lockId) => ({ lockId, token: null })), timeoutMs: request.timeoutMs };
  }

  /** @throws LockStoreUnavailable: "nobody" would be a guess. */
  status(lockId: string): Promise<LockHolder | null> {
    return this.ports.store.holder(lockId);
  }

  /** Tries at once and after each release until the window ends. */
  private async tryWithin(windowEndsMs: number, lockIds: readonly string[], handle: string, request: AcquireRequest, lastAttempt: boolean): Promise<TryResult> {
    const { clock } = this.ports;
    for (let wakes = 0; ; wakes += 1) {
      const result = await this.tryOnce(lockIds, handle, request);
      const leftMs = windowEndsMs - clock.monotonicMs();
      if (result.kind !== 'held' || leftMs <= 0 || lastAttempt) return result;
      if (result.in === 'bucket') await delay(clock, Math.min(leftMs, BUCKET_RETRY_MS));
      else await this.waitForRelease(lockIds, leftMs, wakes < MAX_WAKES_PER_ATTEMPT);
      if (clock.monotonicMs() >= windowEndsMs) return result;
    }
  }

  private async waitForRelease(lockIds: readonly string[], leftMs: number, wakeable: boolean): Promise<void> {
    const { store, clock } = this.ports;
    const waited = wakeable ? await this.answered(store.waitForRelease(lockIds, leftMs).then(() => true)) : undefined;
    if (waited === undefined) await delay(clock, leftMs);
  }

  private async tryOnce(lockIds: readonly string[], handle: string, request: AcquireRequest): Promise<TryResult> {
    const { lockTimeoutMs } = request.properties;
    const queued = await this.answered<LockAttempt>(this.ports.store.tryAcquire({ lockIds, mode: request.mode, owner: handle, timeoutMs: lockTimeoutMs }));
    if (queued?.kind === 'held') return { ...queued, in: 'table' };
    if (request.mode === 'shared') {
      if (queued === undefined) return { kind: 'unavailable', reason: 'the lock table does not answer, and shared locks live in it' };
      return { kind: 'acquired', handle, locks: lockIds.map((lockId) => ({ lockId, token: null })), timeoutMs: lockTimeoutMs };
    }
    return this.makeEffective(lockIds, handle, request);
  }

  private async makeEffective(lockIds: readonly string[], handle: string, request: AcquireRequest): Promise<TryResult> {
    const { store, clock } = this.ports;
    const timeoutMs = request.properties.lockTimeoutMs;
    const startedMs = clock.monotonicMs();
    const granted = await this.grants.acquireAll({ lockIds, handle, timeoutMs, token: request.token, deadlineMs: request.deadlineMs });
    if (granted.kind !== 'granted') {
      await this.answered(store.release(lockIds, handle));
      if (granted.kind === 'unavailable') return granted;
      return { kind: 'held', by: granted.kind === 'held' ? granted.by : null, in: 'bucket' };
    }
    // Waiting for undecided legs may have used up part of the first locks' time: all start over together.
    if (clock.monotonicMs() - startedMs > timeoutMs / 2) {
      const refreshed = await this.refresh({ lockIds, handle, timeoutMs });
      if (refreshed.kind !== 'acquired') {
        await this.release({ lockIds, handle });
        return refreshed.kind === 'unavailable' ? refreshed : { kind: 'held', by: null, in: 'bucket' };
      }
    }
    await this.recordTokens(granted.locks, handle, timeoutMs);
    return { kind: 'acquired', handle, locks: granted.locks, timeoutMs };
  }

  private async recordTokens(locks: readonly EffectiveLock[], handle: string, remainingMs: number): Promise<void> {
    await Promise.all(locks.map((lock) => (lock.token === null ? undefined : this.answered(this.ports.store.recordToken(lock.lockId, handle, lock.token, remainingMs)))));
  }

  /** undefined: the lock table did not answer in time. */
  private async answered<Value>(asked: Promise<Value>): Promise<Value | undefined> {
    try {
      return await asked;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.ports.logger.warn({ err: error }, 'the lock table does not answer; going on without it');
      return undefined;
    }
  }
}

function isUnavailable(error: unknown): boolean {
  const kind: LockStoreUnavailable['kind'] = 'lock-store-unavailable';
  return error instanceof Error && (error as Partial<LockStoreUnavailable>).kind === kind;
}

/** The fixed order of all lock takers. Ids are ASCII, so comparing UTF-16 units compares bytes. */
function ascending(lockIds: readonly string[]): readonly string[] {
  const sorted = [...new Set(lockIds)].sort();
  invariant(sorted.length >= 1 && sorted.length <= MAX_LOCK_IDS, `a call names 1 … ${MAX_LOCK_IDS} lock ids`, { count: sorted.length });
  return sorted;
}
