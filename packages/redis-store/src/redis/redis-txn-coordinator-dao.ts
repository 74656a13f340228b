/**
 * TxnCoordinatorDAO on Redis. One pipeline with a constant number of commands per call, whatever it carries; a bound on
 * silence per call. Nothing here is the only copy of anything: see transaction-keys.ts, lock-scripts.ts, dao-scripts.ts
 * for what each key means.
 */
import {
  DaoUnavailable,
  withRepetition,
  type AttemptId,
  type CachedBalance,
  type TransactionEntry,
  type TxnCoordinatorDAO,
} from '@mas/transaction-coordinator';
import type { PlacementMap } from '@mas/placement';
import { DEFAULT_RETENTION, type Retention } from '../retention';
import { bucketId, type AccountNumber, type BucketId, type PaymentKey, type Random } from '@mas/values';
import { decodeEntry } from '../codec/entry-codec';
import { decodeBalance, decodePlacement, encodeBalance, encodePlacement, peersOf } from '../codec/value-codec';
import { CACHE_BALANCES, PUBLISH_PLACEMENT } from './dao-scripts';
import { DEFAULT_PREFIX, exclusiveKey, listedExclusive, listExclusive, liveExclusive } from './redis-lock-store';
import type { RedisLink } from './redis-link';
import { oldestPending } from './oldest-pending';
import { TransactionKeys } from './transaction-keys';

export interface RedisDaoOptions {
  /** In front of every key. Default `mas:`; the lock store must use the same. */
  readonly prefix?: string;
  /** On the payment's path: after this payments go on without Redis. Default 20 ms. */
  readonly beginBoundMs?: number;
  /** Everything else. Default 200 ms. */
  readonly boundMs?: number;
  /** Of ended entries. */
  readonly retention?: Retention;
  /** How long a cached balance is kept. Default 1 h. */
  readonly cacheTtlMs?: number;
}

const DEFAULTS = { beginBoundMs: 20, boundMs: 200, cacheTtlMs: 3_600_000 };
/** Of looking at entries and replacing them: somebody else would have to be in between each time. */
const MAX_REPLACING_ROUNDS = 5;
const GENERATION_RANGE = 0x1_0000_0000;

export class RedisTxnCoordinatorDao implements TxnCoordinatorDAO {
  private readonly prefix: string;
  private readonly beginBoundMs: number;
  private readonly boundMs: number;
  private readonly cacheTtlSeconds: number;
  private readonly keys: TransactionKeys;

  constructor(
    private readonly link: RedisLink,
    private readonly random: Random,
    options: RedisDaoOptions = {},
  ) {
    this.prefix = options.prefix ?? DEFAULT_PREFIX;
    this.beginBoundMs = options.beginBoundMs ?? DEFAULTS.beginBoundMs;
    this.boundMs = options.boundMs ?? DEFAULTS.boundMs;
    this.cacheTtlSeconds = Math.ceil((options.cacheTtlMs ?? DEFAULTS.cacheTtlMs) / 1000);
    this.keys = new TransactionKeys(this.prefix, options.retention ?? DEFAULT_RETENTION);
    link.defineScript('masPublishPlacement', PUBLISH_PLACEMENT);
    link.defineScript('masCacheBalances', CACHE_BALANCES);
  }

  async begin(entries: readonly TransactionEntry[], lockIds: readonly string[]): Promise<{ readonly exclusivelyLocked: readonly string[] }> {
    if (entries.length === 0 && lockIds.length === 0) return { exclusivelyLocked: [] };
    const answers = await this.pipeline(this.beginBoundMs, (commands) => {
      this.keys.beginPending(commands, entries);
      if (lockIds.length > 0) listExclusive(commands, this.prefix);
    });
    if (lockIds.length === 0) return { exclusivelyLocked: [] };
    const listed = listedExclusive(answers[answers.length - 2], answers[answers.length - 1]);
    if (listed === null) return { exclusivelyLocked: await this.exclusiveAmong(lockIds) };
    return { exclusivelyLocked: listed.size === 0 ? [] : lockIds.filter((lockId) => listed.has(lockId)) };
  }

  async record(entries: readonly TransactionEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.pipeline(this.boundMs, (commands) => {
      this.keys.writePending(
        commands,
        entries.filter((entry) => entry.state === 'PENDING'),
      );
      this.keys.writeEnded(
        commands,
        entries.filter((entry) => entry.state !== 'PENDING'),
      );
    });
  }

  /** Looks, adds, and replaces what is there unless it has changed meanwhile; then once more. */
  async recordRepeated(entries: readonly TransactionEntry[]): Promise<void> {
    let open = entries;
    for (let round = 0; open.length > 0 && round < MAX_REPLACING_ROUNDS; round += 1) {
      const keys = open.map((entry) => entry.key);
      const found = this.keys.pickText(await this.pipeline(this.boundMs, (commands) => this.keys.read(commands, keys)), keys.length);
      const joined = open.map((entry, i) => ({ key: entry.key, found: found[i] ?? null, entry: withRepetition(decodeEntry(found[i]), entry) }));
      const [answer] = await this.pipeline(this.boundMs, (commands) => this.keys.replaceEnded(commands, joined));
      const changed = new Set(answer as readonly string[]);
      open = open.filter((entry) => changed.has(entry.key));
    }
    if (open.length > 0) throw new DaoUnavailable(`${open.length} entries were changed by others each time they were looked at`);
  }

  async forget(attempts: readonly AttemptId[]): Promise<void> {
    if (attempts.length > 0) await this.pipeline(this.boundMs, (commands) => this.keys.forgetAttempts(commands, attempts));
  }

  async transactions(keys: readonly PaymentKey[]): Promise<readonly (TransactionEntry | null)[]> {
    if (keys.length === 0) return [];
    return this.keys.pick(await this.pipeline(this.boundMs, (commands) => this.keys.read(commands, keys)), keys.length);
  }

  pending(coordinator: string | null, limit: number): Promise<readonly TransactionEntry[]> {
    return oldestPending((fill) => this.pipeline(this.boundMs, fill), this.keys, coordinator, limit);
  }

  async placement(): Promise<PlacementMap | null> {
    const [text] = await this.pipeline(this.boundMs, (commands) => commands.hget(`${this.prefix}placement`, 'map'));
    return decodePlacement(text as string | null);
  }

  async publishPlacement(map: PlacementMap): Promise<void> {
    const args = [String(map.version), encodePlacement(map), ...peersOf(map).flat()];
    await this.answered(this.link.script(this.boundMs, 'masPublishPlacement', [`${this.prefix}placement`, `${this.prefix}peers`], args));
  }

  async peersList(): Promise<ReadonlyMap<BucketId, string>> {
    const [table] = await this.pipeline(this.boundMs, (commands) => commands.hgetall(`${this.prefix}peers`));
    return new Map(Object.entries(table as Record<string, string>).map(([bucket, peers]) => [bucketId(Number(bucket)), peers]));
  }

  async cacheNamespace(): Promise<string> {
    const fresh = [0, 1].map(() => this.random.below(GENERATION_RANGE).toString(16)).join('');
    const answers = await this.pipeline(this.boundMs, (commands) => commands.set(this.generationKey(), fresh, 'NX').get(this.generationKey()));
    return this.namespace(answers[1] as string | null) ?? Promise.reject(new DaoUnavailable('Redis was emptied this very moment'));
  }

  async cacheBalances(namespace: string, balances: readonly CachedBalance[]): Promise<void> {
    const generation = namespace.slice(namespace.indexOf(':') + 1);
    // Read under another process of Redis: a restart may have brought older contents back.
    if (balances.length === 0 || this.namespace(generation) !== namespace) return;
    const values = balances.flatMap((balance) => [String(balance.rev), `${namespace}\n${balance.rev}\n${encodeBalance(balance)}`]);
    const keys = [this.generationKey(), ...balances.map((balance) => this.balanceKey(balance.number))];
    await this.answered(this.link.script(this.boundMs, 'masCacheBalances', keys, [generation, namespace, String(this.cacheTtlSeconds), ...values]));
  }

  async cachedBalances(numbers: readonly AccountNumber[]): Promise<readonly (CachedBalance | null)[]> {
    if (numbers.length === 0) return [];
    const [generation, values] = await this.pipeline(this.boundMs, (commands) =>
      commands.get(this.generationKey()).mget(...numbers.map((number) => this.balanceKey(number))),
    );
    const current = this.namespace(generation as string | null);
    return (values as readonly (string | null)[]).map((value) => {
      const [namespace, , ...json] = value?.split('\n') ?? [];
      return namespace === undefined || namespace !== current ? null : decodeBalance(json.join('\n'));
    });
  }

  async ping(): Promise<void> {
    await this.answered(this.link.exchange(this.boundMs, (client) => client.ping()));
  }

  /** A second round trip, for the day on which very many locks are held. */
  private async exclusiveAmong(lockIds: readonly string[]): Promise<readonly string[]> {
    const [scores, time] = await this.pipeline(this.beginBoundMs, (commands) => commands.zmscore(exclusiveKey(this.prefix), ...lockIds).time());
    return liveExclusive(lockIds, scores, time);
  }

  private namespace(generation: string | null): string | undefined {
    return generation === null || this.link.runId === undefined ? undefined : `${this.link.runId}:${generation}`;
  }

  private pipeline(boundMs: number, fill: Parameters<RedisLink['pipeline']>[1]): Promise<readonly unknown[]> {
    return this.answered(this.link.pipeline(boundMs, fill));
  }

  private answered<Value>(asked: Promise<Value>): Promise<Value> {
    return asked.catch((error: unknown) => {
      throw new DaoUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
    });
  }

  private generationKey(): string {
    return `${this.prefix}generation`;
  }

  private balanceKey(number: AccountNumber): string {
    return `${this.prefix}balance:${number}`;
  }
}
