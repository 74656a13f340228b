/** The lock service and its table for tests: what an operator holds is in force in the fake cluster's buckets at once. */
import type { BreakReply, GlobalLockService, LockAttempt, LockHolder, LockList, LockReply, LockReport, LockRequest, LockStore } from '@mas/global-lock';
import { slotOfAccount } from '@mas/placement';
import { accountNumber, delay, type Clock } from '@mas/values';
import type { FakeCluster } from './fake-cluster';
import type { FaultyDao } from './faulty-dao';

const LONG_MS = 3_600_000;

export class FakeLocks implements GlobalLockService {
  readonly holders = new Map<string, LockHolder>();
  private waiting: { readonly lockIds: readonly string[]; readonly wake: () => void }[] = [];
  acquisitions = 0;
  /** The caller is cut off. */
  dead = false;

  constructor(
    private readonly cluster: FakeCluster,
    private readonly dao: FaultyDao,
    private readonly clock: Clock,
  ) {}

  readonly store: LockStore = {
    exclusiveAmong: (lockIds) => this.dao.locks.exclusiveAmong(lockIds),
    waitForRelease: (lockIds, timeoutMs) =>
      new Promise((wake) => {
        this.waiting.push({ lockIds, wake });
        this.clock.schedule(timeoutMs, wake);
      }),
    tryAcquire: (request) => this.tryAcquire(request),
    release: (lockIds, owner) => this.give(lockIds, owner),
    refresh: () => Promise.reject(new Error('not used here')),
    holder: (lockId) => Promise.resolve(this.holders.get(lockId) ?? null),
    recordToken: () => Promise.resolve(),
    republish: () => Promise.resolve(),
    evict: () => Promise.resolve(),
    noteWaiting: () => Promise.resolve(),
    waiting: () => Promise.resolve(0),
  };

  /** All locks are past their time, here and (by the stamp) in the buckets. */
  expire(): void {
    this.holders.clear();
    this.dao.locks.clear();
  }

  acquire(): Promise<LockReply> {
    return Promise.resolve({ kind: 'unavailable', reason: 'not used here' });
  }

  async release(request: { readonly lockIds: readonly string[]; readonly handle: string }): Promise<LockReply> {
    for (const lockId of request.lockIds) {
      const account = accountNumber(lockId);
      this.cluster.run(slotOfAccount(account), { kind: 'release-lock', slot: slotOfAccount(account), lockId, owner: request.handle });
    }
    await this.give(request.lockIds, request.handle);
    return { kind: 'acquired', handle: request.handle, locks: [], timeoutMs: 0 };
  }

  refresh(): Promise<LockReply> {
    return Promise.resolve({ kind: 'unavailable', reason: 'not used here' });
  }

  status(lockId: string): Promise<LockHolder | null> {
    return Promise.resolve(this.holders.get(lockId) ?? null);
  }

  inspect(): Promise<LockReport> {
    return Promise.reject(new Error('not used here'));
  }

  list(): Promise<LockList> {
    return Promise.reject(new Error('not used here'));
  }

  break(): Promise<BreakReply> {
    return Promise.resolve({ kind: 'unavailable', reason: 'not used here' });
  }

  private async tryAcquire({ lockIds, owner, timeoutMs }: LockRequest): Promise<LockAttempt> {
    if (this.dead) return new Promise(() => undefined);
    await delay(this.clock, 0.5);
    const held = lockIds.map((lockId) => this.holders.get(lockId)).find((holder) => holder !== undefined);
    if (held !== undefined) return { kind: 'held', by: held };
    this.acquisitions += 1;
    for (const lockId of lockIds) this.holders.set(lockId, { lockId, mode: 'exclusive', owners: [owner], remainingMs: timeoutMs, token: null });
    await this.dao.locks.tryAcquire({ lockIds, mode: 'exclusive', owner, timeoutMs });
    return { kind: 'acquired' };
  }

  private async give(lockIds: readonly string[], owner: string): Promise<{ readonly notHeld: readonly string[] }> {
    if (this.dead) return new Promise(() => undefined);
    await delay(this.clock, 0.5);
    for (const lockId of lockIds) {
      if (this.holders.get(lockId)?.owners.includes(owner) !== true) continue;
      this.holders.delete(lockId);
      await this.dao.locks.release([lockId], owner);
    }
    for (const waiter of this.waiting.splice(0)) waiter.wake();
    return { notHeld: [] };
  }

  /** As where its bucket has not been told of the lock, or has ended it. */
  inRedisOnly(lockId: string): void {
    void this.dao.locks.tryAcquire({ lockIds: [lockId], mode: 'exclusive', owner: 'somebody', timeoutMs: LONG_MS });
  }

  /** An operator takes the lock under a handle; the answer is its token. */
  hold(lockId: string, owner: string, ttlMs = 60_000): number {
    const account = accountNumber(lockId);
    const outcome = this.cluster.run(slotOfAccount(account), {
      kind: 'acquire-lock',
      slot: slotOfAccount(account),
      lockId,
      owner,
      mode: 'exclusive',
      ttlMs,
      subject: { kind: 'operator', name: 'mas|ops' },
    });
    if (outcome.kind !== 'lock') throw new Error(`lock ${lockId} was not given: ${outcome.kind}`);
    this.holders.set(lockId, { lockId, mode: 'exclusive', owners: [owner], remainingMs: ttlMs, token: outcome.lock.token });
    void this.dao.locks.tryAcquire({ lockIds: [lockId], mode: 'exclusive', owner, timeoutMs: ttlMs });
    return outcome.lock.token;
  }
}
