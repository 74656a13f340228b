/** The coordinator's Redis for tests: maps, a latency, and silence at will. The real ones have their own contract suite. */
import type { PlacementMap } from '@mas/placement';
import { delay, type AccountNumber, type BucketId, type Clock, type PaymentKey } from '@mas/values';
import { withRepetition } from '../journal/repetition';
import { DaoUnavailable, type AttemptId, type CachedBalance, type TransactionEntry, type TxnCoordinatorDAO } from '../txn-coordinator-dao';

export class MemoryDao implements TxnCoordinatorDAO {
  readonly entries = new Map<PaymentKey, TransactionEntry>();
  readonly cache = new Map<AccountNumber, CachedBalance>();
  readonly exclusive = new Set<string>();
  map: PlacementMap | null = null;
  /** hang: never answers. refuse: rejects. */
  mood: 'well' | 'hang' | 'refuse' = 'well';
  generation = 1;
  /** The caller is cut off. */
  dead = false;
  readonly calls = { begin: 0, record: 0 };

  constructor(private readonly clock: Clock) {}

  /** FLUSHALL. */
  flush(): void {
    this.entries.clear();
    this.cache.clear();
    this.exclusive.clear();
    this.map = null;
    this.generation += 1;
  }

  async begin(entries: readonly TransactionEntry[], lockIds: readonly string[]): Promise<{ readonly exclusivelyLocked: readonly string[] }> {
    this.calls.begin += 1;
    await this.answer();
    for (const entry of entries) if (!this.entries.has(entry.key)) this.entries.set(entry.key, entry);
    return { exclusivelyLocked: lockIds.filter((lockId) => this.exclusive.has(lockId)) };
  }

  async record(entries: readonly TransactionEntry[]): Promise<void> {
    this.calls.record += 1;
    await this.answer();
    for (const entry of entries) this.entries.set(entry.key, entry);
  }

  async recordRepeated(entries: readonly TransactionEntry[]): Promise<void> {
    await this.answer();
    for (const entry of entries) {
      const joined = withRepetition(this.entries.get(entry.key) ?? null, entry);
      if (joined === null) this.entries.delete(entry.key);
      else this.entries.set(entry.key, joined);
    }
  }

  async forget(attempts: readonly AttemptId[]): Promise<void> {
    await this.answer();
    for (const { key, coordinator, createdAtMs } of attempts) {
      const entry = this.entries.get(key);
      if (entry?.state === 'PENDING' && entry.coordinator === coordinator && entry.createdAtMs === createdAtMs) this.entries.delete(key);
    }
  }

  async transactions(keys: readonly PaymentKey[]): Promise<readonly (TransactionEntry | null)[]> {
    await this.answer();
    return keys.map((key) => this.entries.get(key) ?? null);
  }

  async pending(coordinator: string | null, limit: number): Promise<readonly TransactionEntry[]> {
    await this.answer();
    return [...this.entries.values()]
      .filter((entry) => entry.state === 'PENDING' && (coordinator === null || entry.coordinator === coordinator))
      .slice(0, limit);
  }

  async placement(): Promise<PlacementMap | null> {
    await this.answer();
    return this.map;
  }

  async publishPlacement(map: PlacementMap): Promise<void> {
    await this.answer();
    if (this.map === null || this.map.version < map.version) this.map = map;
  }

  async peersList(): Promise<ReadonlyMap<BucketId, string>> {
    await this.answer();
    return new Map();
  }

  async cacheNamespace(): Promise<string> {
    await this.answer();
    return `run-${this.generation}`;
  }

  async cacheBalances(namespace: string, balances: readonly CachedBalance[]): Promise<void> {
    await this.answer();
    if (namespace !== `run-${this.generation}`) return;
    for (const balance of balances) if ((this.cache.get(balance.number)?.rev ?? -1) < balance.rev) this.cache.set(balance.number, balance);
  }

  async cachedBalances(numbers: readonly AccountNumber[]): Promise<readonly (CachedBalance | null)[]> {
    await this.answer();
    return numbers.map((number) => this.cache.get(number) ?? null);
  }

  async ping(): Promise<void> {
    await this.answer();
  }

  private async answer(): Promise<void> {
    if (this.mood === 'hang' || this.dead) await new Promise(() => undefined);
    if (this.mood === 'refuse') throw new DaoUnavailable('Redis is away');
    await delay(this.clock, 0.5);
    if (this.dead) await new Promise(() => undefined);
  }
}
