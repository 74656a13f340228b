/** LockStore on Redis: one script per call; a second connection hears releases and wakes who waits in this process. */
import type { ChainableCommander } from 'ioredis';
import { LockStoreUnavailable, ReleaseWaiters, type LockAttempt, type LockHolder, type LockMode, type LockRequest, type LockStore } from '@mas/global-lock';
import { ACQUIRE, COUNT_WAITING, NOTE_WAITING, RECORD_TOKEN, REFRESH, RELEASE, REPUBLISH } from './lock-scripts';
import type { RedisLink } from './redis-link';

export interface RedisLockStoreOptions {
  /** In front of every key and channel. Default `mas:`. */
  readonly prefix?: string;
  /** How long Redis may be silent. Default 200 ms. */
  readonly boundMs?: number;
}

interface StoredLock {
  readonly m: LockMode;
  readonly t: string;
  readonly o: Readonly<Record<string, number>>;
}

const DEFAULT_BOUND_MS = 200;
export const DEFAULT_PREFIX = 'mas:';

export class RedisLockStore implements LockStore {
  private readonly prefix: string;
  private readonly boundMs: number;
  private readonly waiters: ReleaseWaiters;

  /** @param releases a connection of its own: one that listens can do nothing else. */
  constructor(
    private readonly link: RedisLink,
    private readonly releases: RedisLink,
    options: RedisLockStoreOptions = {},
  ) {
    this.prefix = options.prefix ?? DEFAULT_PREFIX;
    this.boundMs = options.boundMs ?? DEFAULT_BOUND_MS;
    this.waiters = new ReleaseWaiters(link.clock);
    const scripts: readonly (readonly [string, string])[] = [
      ['masLockAcquire', ACQUIRE],
      ['masLockRefresh', REFRESH],
      ['masLockRelease', RELEASE],
      ['masLockToken', RECORD_TOKEN],
      ['masLockRepublish', REPUBLISH],
      ['masLockNoteWaiting', NOTE_WAITING],
      ['masLockCountWaiting', COUNT_WAITING],
    ];
    for (const [name, lua] of scripts) link.defineScript(name, lua);
    releases.client.on('mas:ready', () => void this.listen());
    releases.client.on('message', (_channel: string, message: string) => this.waiters.released(JSON.parse(message) as readonly string[]));
    if (releases.runId !== undefined) void this.listen();
  }

  async tryAcquire(request: LockRequest): Promise<LockAttempt> {
    const reply = await this.script('masLockAcquire', request.lockIds, [request.mode, request.owner, String(request.timeoutMs), ...request.lockIds]);
    if (!Array.isArray(reply)) return { kind: 'acquired' };
    const [position, text, now] = reply as unknown as readonly [number, string, string];
    return { kind: 'held', by: describe(request.lockIds[position - 1] ?? '', JSON.parse(text) as StoredLock, Number(now)) };
  }

  async refresh(lockIds: readonly string[], owner: string, timeoutMs: number): Promise<{ readonly lost: readonly string[] }> {
    return { lost: pick(lockIds, await this.script('masLockRefresh', lockIds, [owner, String(timeoutMs), ...lockIds])) };
  }

  async release(lockIds: readonly string[], owner: string): Promise<{ readonly notHeld: readonly string[] }> {
    return { notHeld: pick(lockIds, await this.script('masLockRelease', lockIds, [owner, this.channel(), ...lockIds])) };
  }

  async holder(lockId: string): Promise<LockHolder | null> {
    const [text, time] = await this.answered(this.link.pipeline(this.boundMs, (commands) => commands.get(this.key(lockId)).time()));
    if (typeof text !== 'string') return null;
    const holder = describe(lockId, JSON.parse(text) as StoredLock, timeMs(time));
    return holder.owners.length === 0 ? null : holder;
  }

  async recordToken(lockId: string, owner: string, token: number, remainingMs: number): Promise<void> {
    await this.script('masLockToken', [lockId], [lockId, owner, String(token), String(Math.ceil(remainingMs))]);
  }

  async exclusiveAmong(lockIds: readonly string[]): Promise<readonly string[]> {
    if (lockIds.length === 0) return [];
    const [scores, time] = await this.answered(this.link.pipeline(this.boundMs, (commands) => commands.zmscore(exclusiveKey(this.prefix), ...lockIds).time()));
    return liveExclusive(lockIds, scores, time);
  }

  async republish(locks: readonly { readonly lockId: string; readonly owner: string; readonly token: number; readonly remainingMs: number }[]): Promise<void> {
    const live = locks.filter((lock) => lock.remainingMs > 0);
    if (live.length === 0) return;
    await this.script(
      'masLockRepublish',
      live.map((lock) => lock.lockId),
      live.flatMap((lock) => [lock.lockId, lock.owner, String(lock.token), String(Math.ceil(lock.remainingMs))]),
    );
  }

  async evict(lockId: string): Promise<void> {
    await this.answered(
      this.link.pipeline(this.boundMs, (commands) =>
        commands
          .del(this.key(lockId))
          .zrem(exclusiveKey(this.prefix), lockId)
          .publish(this.channel(), JSON.stringify([lockId])),
      ),
    );
  }

  async noteWaiting(lockIds: readonly string[], owner: string, forMs: number): Promise<void> {
    await this.answered(
      this.link.script(
        this.boundMs,
        'masLockNoteWaiting',
        lockIds.map((lockId) => this.queueKey(lockId)),
        [owner, String(Math.ceil(forMs))],
      ),
    );
  }

  async waiting(lockId: string): Promise<number> {
    return Number(await this.answered(this.link.script(this.boundMs, 'masLockCountWaiting', [this.queueKey(lockId)], [])));
  }

  waitForRelease(lockIds: readonly string[], timeoutMs: number): Promise<void> {
    return this.waiters.wait(lockIds, timeoutMs);
  }

  private async listen(): Promise<void> {
    // A subscription that fails means that the connection ended; the next one subscribes again.
    await this.releases.client.subscribe(this.channel()).catch(() => undefined);
  }

  private script(name: string, lockIds: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.answered(this.link.script(this.boundMs, name, [...lockIds.map((lockId) => this.key(lockId)), exclusiveKey(this.prefix)], args));
  }

  private answered<Value>(asked: Promise<Value>): Promise<Value> {
    return asked.catch((error: unknown) => {
      throw new LockStoreUnavailable(`the lock table does not answer: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    });
  }

  private key(lockId: string): string {
    return `${this.prefix}lock:${lockId}`;
  }

  private queueKey(lockId: string): string {
    return `${this.prefix}lock-queue:${lockId}`;
  }

  private channel(): string {
    return `${this.prefix}lock-released`;
  }
}

export function exclusiveKey(prefix: string): string {
  return `${prefix}locks:exclusive`;
}

/** Exclusive locks that one look takes in: those that expire last, so that expired ones do not hide any. There are rarely more. */
const EXCLUSIVE_LISTED = 64;

/** Puts two commands into the pipeline, whose answers `listedExclusive` reads: cheaper than asking for every account of a batch. */
export function listExclusive(commands: ChainableCommander, prefix: string): void {
  commands.zrevrange(exclusiveKey(prefix), 0, EXCLUSIVE_LISTED, 'WITHSCORES').time();
}

/** Ids of all exclusive locks in force; null when there may be more than were listed. */
export function listedExclusive(range: unknown, time: unknown): ReadonlySet<string> | null {
  const now = timeMs(time);
  const flat = range as readonly string[];
  const live = new Set<string>();
  for (let i = 1; i < flat.length; i += 2) {
    const lockId = flat[i - 1];
    if (lockId !== undefined && Number(flat[i]) > now) live.add(lockId);
  }
  return live.size > EXCLUSIVE_LISTED ? null : live;
}

/** @param scores what ZMSCORE answered: expiry ms as text, or null. @param time what TIME answered. */
export function liveExclusive(lockIds: readonly string[], scores: unknown, time: unknown): readonly string[] {
  const now = timeMs(time);
  const expiries = scores as readonly (string | null)[];
  return lockIds.filter((_, i) => Number(expiries[i] ?? 0) > now);
}

function timeMs(time: unknown): number {
  const [seconds, micros] = time as readonly [string | number, string | number];
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function describe(lockId: string, lock: StoredLock, now: number): LockHolder {
  const live = Object.entries(lock.o).filter(([, expires]) => expires > now);
  return {
    lockId,
    mode: lock.m,
    owners: live.map(([owner]) => owner),
    remainingMs: Math.max(0, ...live.map(([, expires]) => expires - now)),
    token: lock.t === '' ? null : Number(lock.t),
  };
}

function pick(lockIds: readonly string[], positions: unknown): readonly string[] {
  const chosen = new Set(positions as readonly number[]);
  return lockIds.filter((_, i) => chosen.has(i + 1));
}
