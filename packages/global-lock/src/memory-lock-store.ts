/**
 * LockStore in one process's memory: the embedded stand-in's lock table, and the simulator's. Several services may share one
 * object; they then compete as processes on one Redis do. Time is the clock's monotonic one.
 * What has expired and is never asked for again goes as well: each new lock and each new place in a queue looks at two old ones.
 */
import type { Clock } from '@mas/values';
import type { LockAttempt, LockHolder, LockMode, LockRequest, LockStore } from './lock-store';
import { ReleaseWaiters } from './release-waiters';

interface Lock {
  mode: LockMode;
  /** Owner → when it expires, monotonic ms. */
  readonly owners: Map<string, number>;
  token: number | null;
}

/** More than are added, so that what nobody gave back never piles up. */
const SWEEP_FACTOR = 2;

export class MemoryLockStore implements LockStore {
  private readonly locks = new Map<string, Lock>();
  /** Lock id → owner → until when he is taken to wait, monotonic ms. */
  private readonly queues = new Map<string, Map<string, number>>();
  private readonly waiters: ReleaseWaiters;

  constructor(private readonly clock: Clock) {
    this.waiters = new ReleaseWaiters(clock);
  }

  /** Of locks and of queues, expired ones that have not been looked at included. */
  get size(): number {
    return this.locks.size + this.queues.size;
  }

  /** Forgets everything, as FLUSHALL does. */
  clear(): void {
    this.locks.clear();
    this.queues.clear();
  }

  tryAcquire(request: LockRequest): Promise<LockAttempt> {
    for (const lockId of request.lockIds) {
      const lock = this.live(lockId);
      if (lock === undefined) continue;
      const others = [...lock.owners.keys()].some((owner) => owner !== request.owner);
      if (others && (request.mode === 'exclusive' || lock.mode === 'exclusive')) return Promise.resolve({ kind: 'held', by: this.describe(lockId, lock) });
    }
    for (const lockId of request.lockIds) this.grant(lockId, request);
    return Promise.resolve({ kind: 'acquired' });
  }

  refresh(lockIds: readonly string[], owner: string, timeoutMs: number): Promise<{ readonly lost: readonly string[] }> {
    const lost: string[] = [];
    for (const lockId of lockIds) {
      const lock = this.live(lockId);
      if (lock?.owners.has(owner) === true) lock.owners.set(owner, this.clock.monotonicMs() + timeoutMs);
      else lost.push(lockId);
    }
    return Promise.resolve({ lost });
  }

  release(lockIds: readonly string[], owner: string): Promise<{ readonly notHeld: readonly string[] }> {
    const notHeld = lockIds.filter((lockId) => this.live(lockId)?.owners.delete(owner) !== true);
    for (const lockId of lockIds) this.live(lockId);
    this.waiters.released(lockIds.filter((lockId) => !notHeld.includes(lockId)));
    return Promise.resolve({ notHeld });
  }

  holder(lockId: string): Promise<LockHolder | null> {
    const lock = this.live(lockId);
    return Promise.resolve(lock === undefined ? null : this.describe(lockId, lock));
  }

  recordToken(lockId: string, owner: string, token: number, remainingMs: number): Promise<void> {
    const lock = this.live(lockId);
    const expires = lock?.owners.get(owner);
    if (lock?.mode === 'exclusive' && expires !== undefined) {
      lock.token = token;
      lock.owners.set(owner, Math.max(expires, this.clock.monotonicMs() + remainingMs));
    }
    return Promise.resolve();
  }

  exclusiveAmong(lockIds: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(this.exclusiveNow(lockIds));
  }

  exclusiveNow(lockIds: readonly string[]): readonly string[] {
    return this.locks.size === 0 ? [] : lockIds.filter((lockId) => this.live(lockId)?.mode === 'exclusive');
  }

  republish(locks: readonly { readonly lockId: string; readonly owner: string; readonly token: number; readonly remainingMs: number }[]): Promise<void> {
    for (const { lockId, owner, token, remainingMs } of locks) {
      const known = this.live(lockId);
      // The bucket decides who holds it; only a newer token, from a later answer of the bucket, says more.
      if (remainingMs <= 0 || (known?.token ?? -1) > token) continue;
      this.locks.set(lockId, { mode: 'exclusive', owners: new Map([[owner, this.clock.monotonicMs() + remainingMs]]), token });
    }
    return Promise.resolve();
  }

  evict(lockId: string): Promise<void> {
    this.locks.delete(lockId);
    this.waiters.released([lockId]);
    return Promise.resolve();
  }

  noteWaiting(lockIds: readonly string[], owner: string, forMs: number): Promise<void> {
    for (const lockId of lockIds) {
      const queue = this.queues.get(lockId) ?? new Map<string, number>();
      if (forMs > 0) {
        this.queues.set(lockId, queue.set(owner, this.clock.monotonicMs() + forMs));
        for (const old of rotated(this.queues)) this.liveQueue(old);
      } else if (queue.delete(owner) && queue.size === 0) this.queues.delete(lockId);
    }
    return Promise.resolve();
  }

  waiting(lockId: string): Promise<number> {
    return Promise.resolve(this.liveQueue(lockId)?.size ?? 0);
  }

  waitForRelease(lockIds: readonly string[], timeoutMs: number): Promise<void> {
    return this.waiters.wait(lockIds, timeoutMs);
  }

  private grant(lockId: string, request: LockRequest): void {
    const lock = this.locks.get(lockId);
    const expires = this.clock.monotonicMs() + request.timeoutMs;
    if (lock === undefined || lock.mode !== request.mode)
      this.locks.set(lockId, { mode: request.mode, owners: new Map([[request.owner, expires]]), token: null });
    else lock.owners.set(request.owner, expires);
    for (const old of rotated(this.locks)) this.live(old);
  }

  /** Drops what has expired. */
  private live(lockId: string): Lock | undefined {
    const lock = this.locks.get(lockId);
    if (lock === undefined) return undefined;
    this.dropExpired(lock.owners);
    if (lock.owners.size > 0) return lock;
    this.locks.delete(lockId);
    return undefined;
  }

  private liveQueue(lockId: string): ReadonlyMap<string, number> | undefined {
    const queue = this.queues.get(lockId);
    if (queue === undefined) return undefined;
    this.dropExpired(queue);
    if (queue.size === 0) this.queues.delete(lockId);
    return queue;
  }

  private dropExpired(owners: Map<string, number>): void {
    const now = this.clock.monotonicMs();
    for (const [owner, untilMs] of owners) if (untilMs <= now) owners.delete(owner);
  }

  private describe(lockId: string, lock: Lock): LockHolder {
    const until = Math.max(...lock.owners.values());
    return { lockId, mode: lock.mode, owners: [...lock.owners.keys()], remainingMs: until - this.clock.monotonicMs(), token: lock.token };
  }
}

/** The keys that were longest not looked at, which go to the end. */
function rotated<Value>(entries: Map<string, Value>): readonly string[] {
  const looked: string[] = [];
  for (const [key, value] of entries) {
    if (looked.length === SWEEP_FACTOR) break;
    looked.push(key);
    entries.delete(key);
    entries.set(key, value);
  }
  return looked;
}
