/** The lock service and its table for tests: exclusive locks take effect in the fake cluster's buckets at once. */
import type { GlobalLockService, LockHolder, LockReply, LockStore } from '@mas/global-lock';
import { slotOfAccount } from '@mas/placement';
import { accountNumber, delay, type Clock } from '@mas/values';
import type { FakeCluster } from './fake-cluster';
import type { MemoryDao } from './memory-dao';

type Acquire = Parameters<GlobalLockService['acquire']>[0];

export class FakeLocks implements GlobalLockService {
  readonly holders = new Map<string, LockHolder>();
  private waiting: { readonly lockIds: readonly string[]; readonly wake: () => void }[] = [];
  private handles = 0;
  acquisitions = 0;
  /** The caller is cut off. */
  dead = false;

  constructor(
    private readonly cluster: FakeCluster,
    private readonly dao: MemoryDao,
    private readonly clock: Clock,
  ) {}

  readonly store: Pick<LockStore, 'exclusiveAmong' | 'waitForRelease'> & LockStore = {
    exclusiveAmong: (lockIds) => Promise.resolve(lockIds.filter((lockId) => this.dao.exclusive.has(lockId))),
    waitForRelease: (lockIds, timeoutMs) =>
      new Promise((wake) => {
        this.waiting.push({ lockIds, wake });
        this.clock.schedule(timeoutMs, wake);
      }),
    tryAcquire: () => Promise.reject(new Error('not used here')),
    refresh: () => Promise.reject(new Error('not used here')),
    release: () => Promise.reject(new Error('not used here')),
    holder: (lockId) => Promise.resolve(this.holders.get(lockId) ?? null),
    recordToken: () => Promise.resolve(),
    republish: () => Promise.resolve(),
  };

  /** All locks are past their time, here and (by the stamp) in the buckets. */
  expire(): void {
    this.holders.clear();
    this.dao.exclusive.clear();
  }

  async acquire(request: Acquire): Promise<LockReply> {
    if (this.dead) return new Promise(() => undefined);
    this.acquisitions += 1;
    const { lockAttempts, lockAttemptDelayMs, lockTimeoutMs } = request.properties;
    for (let attempt = 1; ; attempt += 1) {
      const held = request.lockIds.map((lockId) => this.holders.get(lockId)).find((holder) => holder !== undefined);
      if (held === undefined) break;
      if (attempt >= lockAttempts) return { kind: 'held', by: held, attempts: attempt };
      await this.store.waitForRelease(request.lockIds, lockAttemptDelayMs);
    }
    this.handles += 1;
    const handle = request.handle ?? `handle-${this.handles}`;
    const locks = request.lockIds.map((lockId) => ({ lockId, token: this.hold(lockId, handle, lockTimeoutMs) }));
    await delay(this.clock, 0.5);
    return { kind: 'acquired', handle, locks, timeoutMs: lockTimeoutMs };
  }

  async release(request: { readonly lockIds: readonly string[]; readonly handle: string }): Promise<LockReply> {
    if (this.dead) return new Promise(() => undefined);
    await delay(this.clock, 0.5);
    for (const lockId of request.lockIds) {
      if (!(this.holders.get(lockId)?.owners.includes(request.handle) ?? false)) continue;
      const account = accountNumber(lockId);
      this.cluster.run(slotOfAccount(account), { kind: 'release-lock', slot: slotOfAccount(account), lockId, owner: request.handle });
      this.holders.delete(lockId);
      this.dao.exclusive.delete(lockId);
    }
    const woken = this.waiting;
    this.waiting = [];
    for (const waiter of woken) waiter.wake();
    return { kind: 'acquired', handle: request.handle, locks: [], timeoutMs: 0 };
  }

  refresh(): Promise<LockReply> {
    return Promise.resolve({ kind: 'unavailable', reason: 'not used here' });
  }

  status(lockId: string): Promise<LockHolder | null> {
    return Promise.resolve(this.holders.get(lockId) ?? null);
  }

  /** An operator takes the lock; the answer is its handle. */
  hold(lockId: string, owner: string, ttlMs = 60_000): number {
    const account = accountNumber(lockId);
    const outcome = this.cluster.run(slotOfAccount(account), { kind: 'acquire-lock', slot: slotOfAccount(account), lockId, owner, ttlMs, subject: { kind: 'operator', name: 'mas|ops' } });
    if (outcome.kind !== 'lock') throw new Error(`lock ${lockId} was not given: ${outcome.kind}`);
    this.holders.set(lockId, { lockId, mode: 'exclusive', owners: [owner], remainingMs: ttlMs, token: outcome.lock.token });
    this.dao.exclusive.add(lockId);
    return outcome.lock.token;
  }
}
