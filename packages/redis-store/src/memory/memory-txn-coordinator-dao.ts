/**
 * TxnCoordinatorDAO in one process's memory: what `npm start` uses instead of Redis, and what coordinators of a simulation
 * share. With an EmbeddedJournal what matters across a restart (entries and the map) is read back; cached balances never are.
 */
import type { MemoryLockStore } from '@mas/global-lock';
import type { PlacementMap } from '@mas/placement';
import { withRepetition, type AttemptId, type CachedBalance, type TransactionEntry, type TxnCoordinatorDAO } from '@mas/transaction-coordinator';
import { bucketId, type AccountNumber, type BucketId, type Clock, type PaymentKey } from '@mas/values';
import { decodeEntry, encodeEntry } from '../codec/entry-codec';
import { peersOf } from '../codec/value-codec';
import { DEFAULT_RETENTION, type Retention } from '../retention';
import { entryLine, forgottenLine, placementLine, type EmbeddedJournal } from './embedded-journal';
import { EntryTable, type EntryTableImage } from './entry-table';

export interface MemoryDaoOptions {
  readonly clock: Clock;
  /** Where exclusive locks are looked up. */
  readonly locks: MemoryLockStore;
  readonly retention?: Retention;
  /** Not opened yet. */
  readonly journal?: EmbeddedJournal;
}

/** What `setBack` goes back to. */
export interface MemoryDaoImage {
  readonly entries: EntryTableImage;
  readonly map: PlacementMap | null;
}

const MAX_BALANCES = 100_000;
const NO_SEGMENT = 0;

export class MemoryTxnCoordinatorDao implements TxnCoordinatorDAO {
  private readonly entries: EntryTable;
  private map: PlacementMap | null = null;
  private mapSegment = NO_SEGMENT;
  private mapBytes = 0;
  private readonly balances = new Map<AccountNumber, CachedBalance>();
  private generation = 1;

  constructor(private readonly options: MemoryDaoOptions) {
    const entries = new EntryTable(options.clock, options.retention ?? DEFAULT_RETENTION);
    this.entries = entries;
    options.journal?.open(
      {
        entry: (head, text, segment) => entries.put(head, text, segment),
        forgotten: (key) => entries.dropOpen(key),
        placement: (map, segment) => this.setMap(map, segment),
      },
      {
        bytes: () => entries.bytes + this.mapBytes,
        isNeeded: (segment) => entries.isNeeded(segment) || (this.map !== null && this.mapSegment === segment),
        take: (segment, into) => this.takeLines(segment, into),
      },
    );
  }

  /** Forgets everything, as FLUSHALL does. */
  clear(): void {
    this.entries.clear();
    this.map = null;
    this.balances.clear();
    this.generation += 1;
    this.options.locks.clear();
  }

  image(): MemoryDaoImage {
    return { entries: this.entries.image(), map: this.map };
  }

  /** Cached balances are of an earlier identity of the store, which no reader believes any more. */
  setBack({ entries, map }: MemoryDaoImage): void {
    this.entries.restore(entries);
    this.map = map;
    this.balances.clear();
    this.generation += 1;
  }

  begin(entries: readonly TransactionEntry[], lockIds: readonly string[]): Promise<{ readonly exclusivelyLocked: readonly string[] }> {
    this.write(entries.filter((entry) => !this.entries.isOpen(entry.key)));
    return Promise.resolve({ exclusivelyLocked: this.options.locks.exclusiveNow(lockIds) });
  }

  record(entries: readonly TransactionEntry[]): Promise<void> {
    this.write(entries);
    return Promise.resolve();
  }

  recordRepeated(entries: readonly TransactionEntry[]): Promise<void> {
    for (const entry of entries) {
      const joined = withRepetition(decodeEntry(this.entries.text(entry.key)), entry);
      if (joined !== null) this.write([joined]);
      else this.forgetOpen(entry.key);
    }
    return Promise.resolve();
  }

  forget(attempts: readonly AttemptId[]): Promise<void> {
    for (const attempt of attempts) if (this.entries.isOpenAttempt(attempt)) this.forgetOpen(attempt.key);
    return Promise.resolve();
  }

  transactions(keys: readonly PaymentKey[]): Promise<readonly (TransactionEntry | null)[]> {
    return Promise.resolve(keys.map((key) => decodeEntry(this.entries.text(key))));
  }

  pending(coordinator: string | null, limit: number): Promise<readonly TransactionEntry[]> {
    return Promise.resolve(this.entries.openTexts(coordinator, limit).flatMap((text) => decodeEntry(text) ?? []));
  }

  placement(): Promise<PlacementMap | null> {
    return Promise.resolve(this.map);
  }

  publishPlacement(map: PlacementMap): Promise<void> {
    if (this.map === null || map.version > this.map.version) {
      this.setMap(map, this.options.journal?.currentSegment() ?? NO_SEGMENT);
      this.options.journal?.write(placementLine(map));
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
    if (namespace !== `memory:${this.generation}`) return Promise.resolve();
    for (const balance of balances) {
      if ((this.balances.get(balance.number)?.rev ?? -1) >= balance.rev) continue;
      this.balances.delete(balance.number);
      this.balances.set(balance.number, balance);
    }
    for (const number of this.balances.keys()) {
      if (this.balances.size <= MAX_BALANCES) break;
      this.balances.delete(number);
    }
    return Promise.resolve();
  }

  cachedBalances(numbers: readonly AccountNumber[]): Promise<readonly (CachedBalance | null)[]> {
    return Promise.resolve(numbers.map((number) => this.balances.get(number) ?? null));
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  private write(entries: readonly TransactionEntry[]): void {
    const { journal } = this.options;
    for (const entry of entries) {
      const text = encodeEntry(entry);
      const segment = journal?.currentSegment() ?? NO_SEGMENT;
      if (this.entries.put(entry, text, segment)) journal?.write(entryLine(text));
    }
  }

  private forgetOpen(key: PaymentKey): void {
    if (this.entries.dropOpen(key)) this.options.journal?.write(forgottenLine(key));
  }

  private setMap(map: PlacementMap, segment: number): void {
    this.map = map;
    this.mapSegment = segment;
    this.mapBytes = Buffer.byteLength(placementLine(map));
  }

  private *takeLines(segment: number, into: () => number): Generator<string, undefined> {
    for (const text of this.entries.take(segment, into)) yield entryLine(text);
    if (this.map === null || this.mapSegment !== segment) return;
    this.mapSegment = into();
    yield placementLine(this.map);
  }
}
