/** The coordinator's Redis for tests: production's table in memory, which keeps the contract of Redis, with a server's faults around it, a latency, and its contents laid open. */
import { MemoryLockStore } from '@mas/global-lock';
import type { PlacementMap } from '@mas/placement';
import { decodeEntry, MemoryTxnCoordinatorDao } from '@mas/redis-store';
import { delay, present, type AccountNumber, type BucketId, type Clock, type PaymentKey } from '@mas/values';
import { DaoUnavailable, type AttemptId, type CachedBalance, type TransactionEntry, type TxnCoordinatorDAO } from '../txn-coordinator-dao';

/** What has no way in or out through the port. */
interface Contents {
  readonly map: PlacementMap | null;
  readonly balances: ReadonlyMap<AccountNumber, CachedBalance>;
}

const LATENCY_MS = 0.5;

export class FaultyDao implements TxnCoordinatorDAO {
  /** hang: never answers. refuse: rejects. */
  mood: 'well' | 'hang' | 'refuse' = 'well';
  /** The caller is cut off. */
  dead = false;
  readonly calls = { begin: 0, record: 0 };
  /** Of the same server. */
  readonly locks: MemoryLockStore;
  private readonly table: MemoryTxnCoordinatorDao;

  constructor(private readonly clock: Clock) {
    this.locks = new MemoryLockStore(clock);
    this.table = new MemoryTxnCoordinatorDao({ clock, locks: this.locks });
  }

  /** FLUSHALL. */
  flush(): void {
    this.table.clear();
  }

  /** As they are now. */
  get entries(): ReadonlyMap<PaymentKey, TransactionEntry> {
    const { open, ended } = this.table.image().entries;
    return new Map([...open, ...ended].map(([key, { text }]) => [key, present(decodeEntry(text), `the entry of ${key}`)]));
  }

  get cache(): Contents['balances'] {
    return this.contents.balances;
  }

  get map(): Contents['map'] {
    return this.contents.map;
  }

  /** As when its time is over. */
  drop(key: PaymentKey): void {
    const { entries, map } = this.table.image();
    const without = <Stored>(of: ReadonlyMap<PaymentKey, Stored>): ReadonlyMap<PaymentKey, Stored> => new Map([...of].filter(([each]) => each !== key));
    this.table.setBack({ entries: { open: without(entries.open), ended: without(entries.ended) }, map });
  }

  async begin(entries: readonly TransactionEntry[], lockIds: readonly string[]): Promise<{ readonly exclusivelyLocked: readonly string[] }> {
    this.calls.begin += 1;
    await this.answer();
    return this.table.begin(entries, lockIds);
  }

  async record(entries: readonly TransactionEntry[]): Promise<void> {
    this.calls.record += 1;
    await this.answer();
    return this.table.record(entries);
  }

  async recordRepeated(entries: readonly TransactionEntry[]): Promise<void> {
    await this.answer();
    return this.table.recordRepeated(entries);
  }

  async forget(attempts: readonly AttemptId[]): Promise<void> {
    await this.answer();
    return this.table.forget(attempts);
  }

  async transactions(keys: readonly PaymentKey[]): Promise<readonly (TransactionEntry | null)[]> {
    await this.answer();
    return this.table.transactions(keys);
  }

  async pending(coordinator: string | null, limit: number): Promise<readonly TransactionEntry[]> {
    await this.answer();
    return this.table.pending(coordinator, limit);
  }

  async placement(): Promise<PlacementMap | null> {
    await this.answer();
    return this.table.placement();
  }

  async publishPlacement(map: PlacementMap): Promise<void> {
    await this.answer();
    return this.table.publishPlacement(map);
  }

  async peersList(): Promise<ReadonlyMap<BucketId, string>> {
    await this.answer();
    return this.table.peersList();
  }

  async cacheNamespace(): Promise<string> {
    await this.answer();
    return this.table.cacheNamespace();
  }

  async cacheBalances(namespace: string, balances: readonly CachedBalance[]): Promise<void> {
    await this.answer();
    return this.table.cacheBalances(namespace, balances);
  }

  async cachedBalances(numbers: readonly AccountNumber[]): Promise<readonly (CachedBalance | null)[]> {
    await this.answer();
    return this.table.cachedBalances(numbers);
  }

  async ping(): Promise<void> {
    await this.answer();
  }

  private get contents(): Contents {
    return this.table as unknown as Contents;
  }

  private async answer(): Promise<void> {
    if (this.mood === 'hang' || this.dead) await new Promise(() => undefined);
    if (this.mood === 'refuse') throw new DaoUnavailable('Redis is away');
    await delay(this.clock, LATENCY_MS);
    if (this.dead) await new Promise(() => undefined);
  }
}
