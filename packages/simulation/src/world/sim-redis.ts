/**
 * The one Redis of a simulated cluster: production's in-memory store and lock table as its contents, and a server's faults
 * around them. Emptied or set back, it has a new identity, as a restarted server has a new run id.
 */
import { MemoryLockStore, LockStoreUnavailable, type LockStore } from '@mas/global-lock';
import { MemoryTxnCoordinatorDao, type MemoryDaoImage } from '@mas/redis-store';
import { DaoUnavailable, type TxnCoordinatorDAO } from '@mas/transaction-coordinator';
import type { Clock } from '@mas/values';
import type { Network } from './network';
import type { SimProcess } from './sim-process';

const BEGIN_BOUND_MS = 20;
const BOUND_MS = 200;
const IMAGE_EVERY_MS = 250;
const IMAGES_KEPT = 5;

interface LockContents {
  locks: Map<string, { mode: string; owners: Map<string, number>; token: number | null }>;
}

interface Image {
  readonly dao: MemoryDaoImage;
  readonly locks: LockContents['locks'];
}

export class SimRedis {
  readonly locks: MemoryLockStore;
  readonly dao: MemoryTxnCoordinatorDao;
  isSilent = false;
  private images: Image[] = [];

  constructor(
    readonly network: Network,
    clock: Clock,
  ) {
    this.locks = new MemoryLockStore(clock);
    this.dao = new MemoryTxnCoordinatorDao({ clock, locks: this.locks });
    this.keepImages();
  }

  flush(): void {
    this.network.world.counters.add('redis flushes');
    this.dao.clear();
  }

  /** A replica that lags by about a second takes over. */
  setBack(): void {
    const image = this.images[0];
    if (image === undefined) return;
    this.network.world.counters.add('redis set back');
    const locks = this.lockContents();
    this.dao.setBack(image.dao);
    locks.locks.clear();
    for (const [id, lock] of image.locks) locks.locks.set(id, { ...lock, owners: new Map(lock.owners) });
    this.images = [];
  }

  async call<Value>(process: SimProcess, what: string, boundMs: number, silent: () => Error, work: () => Promise<Value>): Promise<Value> {
    const { network } = this;
    const { world } = network;
    return new Promise((resolve, reject) => {
      if (!process.isAlive) return;
      const timer = process.clock.schedule(boundMs, () => {
        world.counters.add('redis silent');
        reject(silent());
      });
      if (network.isBlocked(process.name, 'redis')) return;
      world.time.at(network.delayMs() / 2, () => {
        if (this.isSilent) return;
        world.trace.record(`redis ${process.name} ${what}`);
        work().then((value) => {
          if (network.isBlocked('redis', process.name)) return;
          world.time.at(network.delayMs() / 2, () =>
            process.enter(() => {
              timer.cancel();
              resolve(value);
            }),
          );
        }, reject);
      });
    });
  }

  daoFor(process: SimProcess): TxnCoordinatorDAO {
    const { dao } = this;
    const ask = <Value>(what: string, boundMs: number, work: () => Promise<Value>): Promise<Value> =>
      this.call(process, what, boundMs, () => new DaoUnavailable(`Redis has not answered within ${boundMs} ms`), work);
    return {
      begin: (entries, lockIds) => ask('begin', BEGIN_BOUND_MS, () => dao.begin(entries, lockIds)),
      record: (entries) => ask('record', BOUND_MS, () => dao.record(entries)),
      recordRepeated: (entries) => ask('record-repeated', BOUND_MS, () => dao.recordRepeated(entries)),
      forget: (attempts) => ask('forget', BOUND_MS, () => dao.forget(attempts)),
      transactions: (keys) => ask('transactions', BOUND_MS, () => dao.transactions(keys)),
      pending: (coordinator, limit) => ask('pending', BOUND_MS, () => dao.pending(coordinator, limit)),
      placement: () => ask('placement', BOUND_MS, () => dao.placement()),
      publishPlacement: (map) => ask('publish-placement', BOUND_MS, () => dao.publishPlacement(map)),
      peersList: () => ask('peers', BOUND_MS, () => dao.peersList()),
      cacheNamespace: () => ask('namespace', BOUND_MS, () => dao.cacheNamespace()),
      cacheBalances: (namespace, balances) => ask('cache', BOUND_MS, () => dao.cacheBalances(namespace, balances)),
      cachedBalances: (numbers) => ask('cached', BOUND_MS, () => dao.cachedBalances(numbers)),
      ping: () => ask('ping', BOUND_MS, () => dao.ping()),
    };
  }

  locksFor(process: SimProcess): LockStore {
    const { locks } = this;
    const ask = <Value>(what: string, work: () => Promise<Value>, boundMs = BOUND_MS): Promise<Value> =>
      this.call(process, `lock ${what}`, boundMs, () => new LockStoreUnavailable(`the lock table has not answered within ${boundMs} ms`), work);
    return {
      tryAcquire: (request) => ask('acquire', () => locks.tryAcquire(request)),
      refresh: (lockIds, owner, timeoutMs) => ask('refresh', () => locks.refresh(lockIds, owner, timeoutMs)),
      release: (lockIds, owner) => ask('release', () => locks.release(lockIds, owner)),
      holder: (lockId) => ask('holder', () => locks.holder(lockId)),
      recordToken: (lockId, owner, token, remainingMs) => ask('token', () => locks.recordToken(lockId, owner, token, remainingMs)),
      exclusiveAmong: (lockIds) => ask('exclusive', () => locks.exclusiveAmong(lockIds)),
      republish: (all) => ask('republish', () => locks.republish(all)),
      evict: (lockId) => ask('evict', () => locks.evict(lockId)),
      noteWaiting: (lockIds, owner, forMs) => ask('note-waiting', () => locks.noteWaiting(lockIds, owner, forMs)),
      waiting: (lockId) => ask('waiting', () => locks.waiting(lockId)),
      waitForRelease: (lockIds, timeoutMs) => ask('wait', () => locks.waitForRelease(lockIds, timeoutMs), timeoutMs + BOUND_MS),
    };
  }

  private keepImages(): void {
    this.network.world.time.at(IMAGE_EVERY_MS, () => {
      const locks = this.lockContents();
      this.images.push({
        dao: this.dao.image(),
        locks: new Map([...locks.locks].map(([id, lock]) => [id, { ...lock, owners: new Map(lock.owners) }])),
      });
      if (this.images.length > IMAGES_KEPT) this.images.shift();
      this.keepImages();
    });
  }

  /** A server's memory is open to its own persistence. */
  private lockContents(): LockContents {
    return this.locks as unknown as LockContents;
  }
}
