/**
 * The GlobalLock Service. The lock table (port LockStore) queues and wakes; a lock is answered only once it is effective in the
 * buckets, shared ones as well as exclusive ones. Without the table locks still work, by asking the buckets again and again.
 *
 * An attempt is one LockAttemptDelay. A release wakes a waiter within his delay for a try that costs no attempt, or a
 * crowd around one busy lock would use up everybody's attempts in a moment.
 */
import { delay, invariant, type Clock, type Logger, type Random } from '@mas/values';
import { BucketGrants } from './bucket-grants';
import { handleMode, mintHandle } from './lock-handle';
import type { BreakReply, BucketLocks, EffectiveLock, GlobalLockService, LockList, LockReply, LockReport } from './lock-service';
import { LockStoreUnavailable, type LockAttempt, type LockHolder, type LockStore } from './lock-store';
import { orEnded } from './or-ended';

export interface GlobalLocksPorts {
  readonly store: LockStore;
  readonly buckets: BucketLocks;
  readonly clock: Clock;
  /** For handles: backed by the operating system's generator in production. */
  readonly random: Random;
  readonly logger: Logger;
}

export const MAX_LOCK_IDS = 64;
/** In one list. */
export const MAX_LOCKS_LISTED = 1_000;
/** Tries that releases may trigger within one attempt's delay. */
const MAX_WAKES_PER_ATTEMPT = 100;
/** How often a bucket is asked for a lock that the table does not know of. */
const BUCKET_RETRY_MS = 250;
/** A bucket that did not answer a call may still grant it, for as long as an instruction looks for its leader. */
const RELEASE_AGAIN_MS = 5_000;

type AcquireRequest = Parameters<GlobalLockService['acquire']>[0];
/** `in`: who said so. The table wakes its waiters; a bucket is asked again after a while. */
type TryResult = Exclude<LockReply, { readonly kind: 'held' }> | { readonly kind: 'held'; readonly by: LockHolder | null; readonly in: 'table' | 'bucket' };

export class GlobalLocks implements GlobalLockService {
  private readonly grants: BucketGrants;
  /** Said once for each time that it begins, not with every call. */
  private isWithoutTable = false;

  constructor(private readonly ports: GlobalLocksPorts) {
    this.grants = new BucketGrants(ports.buckets, ports.clock);
  }

  async acquire(request: AcquireRequest): Promise<LockReply> {
    const lockIds = ascending(request.lockIds);
    if (request.handle !== null && handleMode(request.handle) !== request.mode) return { kind: 'lost', lockIds };
    const handle = request.handle ?? mintHandle(request.mode, this.ports.random);
    const reply = await this.attempts(lockIds, handle, request);
    // A grant that comes after the call's end would be nobody's for the whole of its time. Who brought the handle knows it.
    if (request.signal?.aborted === true && reply.kind === 'acquired' && request.handle === null) {
      await this.release({ lockIds, handle });
      return { kind: 'cancelled' };
    }
    return reply;
  }

  async release(request: { readonly lockIds: readonly string[]; readonly handle: string }): Promise<LockReply> {
    const lockIds = ascending(request.lockIds);
    // Buckets first: whom the table wakes finds the lock free.
    const inBuckets = await this.grants.releaseAll(lockIds, request.handle);
    const inTable = await this.answered(this.ports.store.release(lockIds, request.handle));
    if (inBuckets.unavailable.length > 0)
      return { kind: 'unavailable', reason: `no answer from the bucket of ${inBuckets.unavailable.join(', ')}; the lock expires by itself` };
    // Held is what either side knew: the table may have been emptied, a bucket never reached.
    const lost = inBuckets.notHeld.filter((lockId) => inTable?.notHeld.includes(lockId) !== false);
    return lost.length > 0 ? { kind: 'lost', lockIds: lost } : { kind: 'acquired', handle: request.handle, locks: [], timeoutMs: 0 };
  }

  async refresh(request: { readonly lockIds: readonly string[]; readonly handle: string; readonly timeoutMs: number }): Promise<LockReply> {
    const lockIds = ascending(request.lockIds);
    const { lost, unavailable } = await this.grants.refreshAll(lockIds, request.handle, request.timeoutMs);
    // The buckets decide; what the table has lost of it is put back by the republisher.
    await this.answered(this.ports.store.refresh(lockIds, request.handle, request.timeoutMs));
    if (lost.length > 0) return { kind: 'lost', lockIds: lost };
    if (unavailable.length > 0) return { kind: 'unavailable', reason: `no answer from the bucket of ${unavailable.join(', ')}` };
    return { kind: 'acquired', handle: request.handle, locks: lockIds.map((lockId) => ({ lockId, token: null })), timeoutMs: request.timeoutMs };
  }

  /** @throws LockStoreUnavailable: "nobody" would be a guess. */
  status(lockId: string): Promise<LockHolder | null> {
    return this.ports.store.holder(lockId);
  }

  async inspect(lockId: string, deadlineMs: number): Promise<LockReport> {
    const report = await this.ports.buckets.inspect(lockId, deadlineMs);
    if (report === null) throw new LockStoreUnavailable(`the bucket of ${lockId} does not say who holds it`);
    const { store } = this.ports;
    const waiting = (await this.answered(store.waiting(lockId))) ?? null;
    const queued = report.mode === null ? await this.answered(store.holder(lockId)) : undefined;
    if (queued === undefined || queued === null) return { ...report, waiting };
    const holders = queued.owners.map(() => ({ heldBy: '', token: null, remainingMs: queued.remainingMs }));
    return { ...report, mode: queued.mode, holders, waiting };
  }

  async list(deadlineMs: number): Promise<LockList> {
    const { locks, silent } = await this.ports.buckets.list(deadlineMs);
    const inOrder = [...locks].sort((a, b) => (a.lockId < b.lockId ? -1 : 1));
    return {
      locks: inOrder.slice(0, MAX_LOCKS_LISTED).map((report) => ({ ...report, waiting: null })),
      silent,
      more: Math.max(0, inOrder.length - MAX_LOCKS_LISTED),
    };
  }

  async break({ lockId, token, deadlineMs }: Parameters<GlobalLockService['break']>[0]): Promise<BreakReply> {
    const { buckets, store, logger } = this.ports;
    const was = await buckets.inspect(lockId, deadlineMs);
    if (was === null) return { kind: 'unavailable', reason: `no answer from the bucket of ${lockId}` };
    if (was.holders.length === 0) return { kind: 'not-held' };
    // Named by its token: whoever takes the lock after these holders keeps it, also when the request is told twice.
    const reply = await buckets.break(lockId, Math.max(...was.holders.map((holder) => holder.token ?? 0)), token);
    if (reply !== 'broken') return reply === 'not-held' ? { kind: 'not-held' } : reply;
    await this.answered(store.evict(lockId));
    logger.warn({ lockId, heldBy: was.holders.map((holder) => holder.heldBy).join(', ') }, 'an operator has broken a lock');
    return { kind: 'broken', was: { ...was, waiting: null } };
  }

  private async attempts(lockIds: readonly string[], handle: string, request: AcquireRequest): Promise<LockReply> {
    const { clock, store } = this.ports;
    const { lockAttempts, lockAttemptDelayMs } = request.properties;
    const queue = { entered: false };
    for (let attempt = 1; ; attempt += 1) {
      const windowEndsMs = Math.min(clock.monotonicMs() + lockAttemptDelayMs, request.deadlineMs);
      const result = await this.tryWithin(windowEndsMs, lockIds, handle, request, attempt === lockAttempts, queue);
      const isOver = result.kind !== 'held' || attempt >= lockAttempts || clock.monotonicMs() >= request.deadlineMs;
      if (isOver && queue.entered) await this.answered(store.noteWaiting(lockIds, handle, 0));
      if (result.kind !== 'held') return result;
      if (isOver) return { kind: 'held', by: result.by, attempts: attempt };
    }
  }

  /** Tries at once and after each release until the window ends. */
  private async tryWithin(
    windowEndsMs: number,
    lockIds: readonly string[],
    handle: string,
    request: AcquireRequest,
    lastAttempt: boolean,
    queue: { entered: boolean },
  ): Promise<TryResult> {
    const { clock, store } = this.ports;
    const { signal } = request;
    for (let wakes = 0; ; wakes += 1) {
      if (signal?.aborted === true) return { kind: 'cancelled' };
      const result = await this.tryOnce(lockIds, handle, request);
      const leftMs = windowEndsMs - clock.monotonicMs();
      if (result.kind !== 'held' || leftMs <= 0 || lastAttempt) return result;
      if (wakes === 0) await this.answered(store.noteWaiting(lockIds, handle, leftMs + BUCKET_RETRY_MS));
      queue.entered = true;
      const waited =
        result.in === 'bucket' ? delay(clock, Math.min(leftMs, BUCKET_RETRY_MS)) : this.waitForRelease(lockIds, leftMs, wakes < MAX_WAKES_PER_ATTEMPT);
      await orEnded(waited, signal);
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
    return queued?.kind === 'held' ? { ...queued, in: 'table' } : this.makeEffective(lockIds, handle, request);
  }

  private async makeEffective(lockIds: readonly string[], handle: string, request: AcquireRequest): Promise<TryResult> {
    const { store, clock } = this.ports;
    const timeoutMs = request.properties.lockTimeoutMs;
    const startedMs = clock.monotonicMs();
    const granted = await this.grants.acquireAll({
      lockIds,
      handle,
      mode: request.mode,
      timeoutMs,
      token: request.token,
      deadlineMs: request.deadlineMs,
      signal: request.signal,
    });
    if (granted.kind !== 'granted') {
      await this.answered(store.release(lockIds, handle));
      if (granted.kind === 'unavailable' && request.handle === null) void this.releaseAgain(lockIds, handle);
      if (granted.kind === 'held' || granted.kind === 'draining') return { kind: 'held', by: granted.kind === 'held' ? granted.by : null, in: 'bucket' };
      return granted;
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

  /** What was given back at once may have been overtaken by its release; nobody knows this handle. */
  private async releaseAgain(lockIds: readonly string[], handle: string): Promise<void> {
    await delay(this.ports.clock, RELEASE_AGAIN_MS);
    await this.grants.releaseAll(lockIds, handle);
  }

  private async recordTokens(locks: readonly EffectiveLock[], handle: string, remainingMs: number): Promise<void> {
    await Promise.all(
      locks.map((lock) => (lock.token === null ? undefined : this.answered(this.ports.store.recordToken(lock.lockId, handle, lock.token, remainingMs)))),
    );
  }

  /** undefined: the lock table did not answer in time. */
  private async answered<Value>(asked: Promise<Value>): Promise<Value | undefined> {
    try {
      const answer = await asked;
      this.isWithoutTable = false;
      return answer;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (!this.isWithoutTable) this.ports.logger.warn({ err: error }, 'the lock table does not answer; going on without it');
      this.isWithoutTable = true;
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
