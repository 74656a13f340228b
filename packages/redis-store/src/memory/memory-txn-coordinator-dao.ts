/**
 * TxnCoordinatorDAO in one process's memory: what `npm start` uses instead of Redis, and what coordinators of a simulation
 * share. With an EmbeddedJournal what matters across a restart (entries and the map) is read back; cached balances never are.
 */
import type { MemoryLockStore } from '@mas/global-lock';
import type { PlacementMap } from '@mas/placement';
import { withRepetition, type AttemptId, type CachedBalance, type TransactionEntry, type TxnCoordinatorDAO } from '@mas/transaction-coordinator';
import { bucketId, type AccountNumber, type BucketId, type Clock, type PaymentKey } from '@mas/values';
import { peersOf } from '../codec/value-codec';
import type { EmbeddedJournal } from './embedded-journal';

export interface MemoryDaoOptions {
  readonly clock: Clock;
  /** Where exclusive locks are looked up. */
  readonly locks: MemoryLockStore;
  /** How long an ended entry is kept. Default 24 h. */
  readonly retentionMs?: number;
  readonly journal?: EmbeddedJournal;
}

const DEFAULT_RETENTION_MS = 24 * 3_600_000;
/** Ended entries looked at for expiry with each write: more than a write adds, so that they never pile up. */
const SWEEP_FACTOR = 2;

export class MemoryTxnCoordinatorDao implements TxnCoordinatorDAO {
  private readonly pendingEntries = new Map<PaymentKey, TransactionEntry>();
  /** In the order of their ends. */
  private readonly ended = new Map<PaymentKey, { readonly entry: TransactionEntry; readonly expiresMs: number }>();
  private map: PlacementMap | null = null;
  private balances = new Map<AccountNumber, CachedBalance>();
  private generation = 1;

  constructor(private readonly options: MemoryDaoOptions) {
    options.journal?.replay({ entry: (entry) => this.put(entry), forgotten: (key) => this.pendingEntries.delete(key), placement: (map) => (this.map = map) });
  }

  /** Forgets everything, as FLUSHALL does. */
  clear(): void {
    this.pendingEntries.clear();
    this.ended.clear();
    this.map = null;
    this.balances = new Map();
    this.generation += 1;
    this.options.locks.clear();
  }

  begin(entries: readonly TransactionEntry[], lockIds: readonly string[]): Promise<{ readonly exclusivelyLocked: readonly string[] }> {
    this.write(entries.filter((entry) => !this.pendingEntries.has(entry.key)));
    return Promise.resolve({ exclusivelyLocked: this.options.locks.exclusiveNow(lockIds) });
  }

  record(entries: readonly TransactionEntry[]): Promise<void> {
    this.write(entries);
    return Promise.resolve();
  }

  recordRepeated(entries: readonly TransactionEntry[]): Promise<void> {
    this.write(entries.map((entry) => withRepetition(this.endedEntry(entry.key) ?? this.pendingEntries.get(entry.key) ?? null, entry)));
    return Promise.resolve();
  }

  forget(attempts: readonly AttemptId[]): Promise<void> {
    for (const { key, coordinator, createdAtMs } of attempts) {
      const entry = this.pendingEntries.get(key);
      if (entry?.coordinator !== coordinator || entry.createdAtMs !== createdAtMs) continue;
      this.pendingEntries.delete(key);
      this.options.journal?.forgotten(key);
    }
    return Promise.resolve();
  }

  transactions(keys: readonly PaymentKey[]): Promise<readonly (TransactionEntry | null)[]> {
    return Promise.resolve(keys.map((key) => this.endedEntry(key) ?? this.pendingEntries.get(key) ?? null));
  }

  pending(coordinator: string | null, limit: number): Promise<readonly TransactionEntry[]> {
    const oldestMs = this.options.clock.wallMs() - this.retentionMs();
    for (const [key, entry] of this.pendingEntries) if (entry.createdAtMs < oldestMs) this.pendingEntries.delete(key);
    const found = [...this.pendingEntries.values()].filter((entry) => coordinator === null || entry.coordinator === coordinator);
    return Promise.resolve(found.sort((a, b) => a.createdAtMs - b.createdAtMs).slice(0, limit));
  }

  placement(): Promise<PlacementMap | null> {
    return Promise.resolve(this.map);
  }

  publishPlacement(map: PlacementMap): Promise<void> {
    if (this.map === null || map.version > this.map.version) {
      this.map = map;
      this.options.journal?.placement(map);
    }
    return Promise.resolve();
  }

  peersList(): Promise<ReadonlyMap<BucketId, string>> {
    return Promise.resolve(new Map((this.map === null ? [] : peersOf(this.map)).map(([bucket, peers]) => [bucketId(Number(bucket)), peers])));
  }

  cacheNamespace(): Promise<string> {
    return Promise.resolve(`memory:${this.generation}`);
  }

  cacheBalances(namespace: string, balances: readonly CachedBalance[]): Promise<void> {
    if (namespace === `memory:${this.generation}`) {
      for (const balance of balances) if ((this.balances.get(balance.number)?.rev ?? -1) < balance.rev) this.balances.set(balance.number, balance);
    }
    return Promise.resolve();
  }

  cachedBalances(numbers: readonly AccountNumber[]): Promise<readonly (CachedBalance | null)[]> {
    return Promise.resolve(numbers.map((number) => this.balances.get(number) ?? null));
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  /** What a compacted journal has to hold. */
  contents(): { readonly entries: readonly TransactionEntry[]; readonly placement: PlacementMap | null } {
    return { entries: [...[...this.ended.values()].map((each) => each.entry), ...this.pendingEntries.values()], placement: this.map };
  }

  private write(entries: readonly TransactionEntry[]): void {
    const written = entries.filter((entry) => this.put(entry));
    this.options.journal?.entries(written);
  }

  /** @returns false, and changes nothing, for a PENDING one whose end is known. */
  private put(entry: TransactionEntry): boolean {
    if (entry.state === 'PENDING') {
      if (this.endedEntry(entry.key) !== undefined) return false;
      this.pendingEntries.set(entry.key, entry);
      return true;
    }
    this.pendingEntries.delete(entry.key);
    this.ended.delete(entry.key);
    this.ended.set(entry.key, { entry, expiresMs: (entry.endedAtMs ?? this.options.clock.wallMs()) + this.retentionMs() });
    this.sweep();
    return true;
  }

  private endedEntry(key: PaymentKey): TransactionEntry | undefined {
    const found = this.ended.get(key);
    return found !== undefined && found.expiresMs > this.options.clock.wallMs() ? found.entry : undefined;
  }

  private sweep(): void {
    const nowMs = this.options.clock.wallMs();
    let looked = 0;
    for (const [key, { expiresMs }] of this.ended) {
      if (expiresMs > nowMs || looked === SWEEP_FACTOR) return;
      this.ended.delete(key);
      looked += 1;
    }
  }

  private retentionMs(): number {
    return this.options.retentionMs ?? DEFAULT_RETENTION_MS;
  }
}
