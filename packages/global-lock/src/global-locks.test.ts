/** The lock service under a clock that the test moves: waiting, waking, fixed order, all or none, and life without the lock table. */
import { SeededRandom, silentLogger } from '@mas/values';
import { GlobalLock } from './global-lock';
import { GlobalLocks } from './global-locks';
import { LockRepublisher } from './lock-republisher';
import { DEFAULT_LOCK_PROPERTIES, type LockReply } from './lock-service';
import { LockStoreUnavailable, type LockMode, type LockStore } from './lock-store';
import { MemoryLockStore } from './memory-lock-store';
import { ManualClock, settle } from './testing/manual-clock';
import { ModelBuckets } from './testing/model-buckets';

const CALLER = { subject: { kind: 'operator', name: 'mas|ops' }, token: 'jwt' } as const;

class World {
  readonly clock = new ManualClock();
  readonly table = new MemoryLockStore(this.clock);
  readonly buckets = new ModelBuckets(this.clock);
  down = false;
  private readonly store = new Proxy(this.table, {
    get: (table, method) => {
      const own: unknown = Reflect.get(table, method);
      if (typeof own !== 'function') return own;
      return (...args: unknown[]): unknown => (this.down ? Promise.reject(new LockStoreUnavailable('silent')) : Reflect.apply(own, table, args));
    },
  }) as LockStore;
  readonly service = new GlobalLocks({ store: this.store, buckets: this.buckets, clock: this.clock, random: new SeededRandom(5), logger: silentLogger });

  acquire(lockIds: readonly string[], mode: LockMode = 'exclusive', options: { handle?: string; waitMs?: number; timeoutMs?: number } = {}): Promise<LockReply> {
    const properties = { ...DEFAULT_LOCK_PROPERTIES, lockTimeoutMs: options.timeoutMs ?? 5000 };
    return this.service.acquire({ lockIds, mode, handle: options.handle ?? null, properties, deadlineMs: this.clock.monotonicMs() + (options.waitMs ?? 60_000), ...CALLER });
  }

  release(lockIds: readonly string[], handle: string): Promise<LockReply> {
    return this.service.release({ lockIds, handle });
  }

  async acquired(lockIds: readonly string[], mode: LockMode = 'exclusive', timeoutMs = 5000): Promise<Extract<LockReply, { kind: 'acquired' }>> {
    const reply = await this.acquire(lockIds, mode, { timeoutMs });
    if (reply.kind !== 'acquired') throw new Error(`expected acquired, got ${JSON.stringify(reply)}`);
    return reply;
  }
}

let world: World;
beforeEach(() => (world = new World()));

test('an exclusive lock is a row in each bucket, taken in ascending order, with its fencing token in the table', async () => {
  const { handle, locks } = await world.acquired(['c', 'a', 'b', 'a']);
  expect(world.buckets.calls).toEqual(['acquire a', 'acquire b', 'acquire c']);
  expect(locks).toEqual([{ lockId: 'a', token: 1 }, { lockId: 'b', token: 2 }, { lockId: 'c', token: 3 }]);
  expect(await world.service.status('b')).toMatchObject({ mode: 'exclusive', owners: [handle], token: 2 });
  expect(await world.release(['a', 'b', 'c'], handle)).toMatchObject({ kind: 'acquired', locks: [] });
  expect([world.buckets.held(), await world.service.status('b')]).toEqual([[], null]);
});

test('shared locks go together and stay out of the buckets; an exclusive one waits for all of them', async () => {
  const first = await world.acquired(['a'], 'shared');
  const second = await world.acquired(['a'], 'shared');
  const waiting = world.acquire(['a']);
  await world.clock.advance(100);
  await world.release(['a'], first.handle);
  await settle();
  expect(world.buckets.calls).toEqual([]);
  await world.release(['a'], second.handle);
  await settle();
  expect(await waiting).toMatchObject({ kind: 'acquired' });
});

test('a release wakes a waiter at once, long before its delay is over', async () => {
  const { handle } = await world.acquired(['a']);
  let reply: LockReply | undefined;
  void world.acquire(['a']).then((answer) => (reply = answer));
  await world.clock.advance(10);
  expect(reply).toBeUndefined();
  await world.release(['a'], handle);
  await settle();
  expect(reply).toMatchObject({ kind: 'acquired' });
});

test('ten attempts, a second apart, then it says who holds it', async () => {
  const { handle } = await world.acquired(['a'], 'exclusive', 60_000);
  const startedMs = world.clock.monotonicMs();
  let endedMs = 0;
  const reply = world.acquire(['a']).finally(() => (endedMs = world.clock.monotonicMs()));
  await world.clock.advance(20_000);
  expect(await reply).toMatchObject({ kind: 'held', attempts: 10, by: { lockId: 'a', owners: [handle] } });
  expect(endedMs - startedMs).toBe(9000);
});

test('the deadline ends waiting earlier', async () => {
  await world.acquired(['a'], 'exclusive', 60_000);
  const reply = world.acquire(['a'], 'exclusive', { waitMs: 2500 });
  await world.clock.advance(2500);
  expect(await reply).toMatchObject({ kind: 'held', attempts: 3 });
});

test('an expired holder does not count, and learns on refresh that he has lost it', async () => {
  const { handle } = await world.acquired(['a']);
  await world.clock.advance(4000);
  expect(await world.service.refresh({ lockIds: ['a'], handle, timeoutMs: 5000 })).toMatchObject({ kind: 'acquired' });
  await world.clock.advance(4999);
  expect(await world.acquire(['a'], 'exclusive', { waitMs: 0 })).toMatchObject({ kind: 'held' });
  await world.clock.advance(1);
  const next = await world.acquired(['a']);
  expect(next.locks).toEqual([{ lockId: 'a', token: 2 }]);
  expect(await world.service.refresh({ lockIds: ['a'], handle, timeoutMs: 5000 })).toEqual({ kind: 'lost', lockIds: ['a'] });
  expect(await world.release(['a'], handle)).toEqual({ kind: 'lost', lockIds: ['a'] });
  expect(world.buckets.held()).toEqual(['a']);
});

test('crossing requests do not deadlock: A→B against B→A', async () => {
  const first = await world.acquired(['a', 'b']);
  const second = world.acquire(['b', 'a']);
  await world.clock.advance(50);
  await world.release(['a', 'b'], first.handle);
  await settle();
  expect(await second).toMatchObject({ kind: 'acquired' });
});

test('when one bucket does not answer, everything is given back', async () => {
  world.buckets.unavailable.add('b');
  expect(await world.acquire(['a', 'b', 'c'])).toMatchObject({ kind: 'unavailable', reason: 'no majority' });
  expect(world.buckets.held()).toEqual([]);
  expect(await world.table.exclusiveAmong(['a', 'b', 'c'])).toEqual([]);
});

test('OK waits for the legs that were prepared before the lock; at the deadline the lock is given back', async () => {
  world.buckets.preparedLegs.set('a', 1);
  let reply: LockReply | undefined;
  void world.acquire(['a']).then((answer) => (reply = answer));
  await world.clock.advance(300);
  expect([reply, world.buckets.held()]).toEqual([undefined, ['a']]);
  world.buckets.preparedLegs.delete('a');
  await world.clock.advance(300);
  expect(reply).toMatchObject({ kind: 'acquired' });
  world.buckets.preparedLegs.set('b', 1);
  const late = world.acquire(['b'], 'exclusive', { waitMs: 1000 });
  await world.clock.advance(1000);
  expect(await late).toMatchObject({ kind: 'held' });
  expect(world.buckets.held()).toEqual(['a']);
});

describe('without the lock table', () => {
  beforeEach(() => (world.down = true));

  test('exclusive locks work through the buckets alone', async () => {
    const { handle } = await world.acquired(['a']);
    const waiting = world.acquire(['a']);
    await world.clock.advance(500);
    expect(await world.release(['a'], handle)).toMatchObject({ kind: 'acquired' });
    await world.clock.advance(1000);
    expect(await waiting).toMatchObject({ kind: 'acquired', locks: [{ lockId: 'a', token: 2 }] });
  });

  test('shared locks are unavailable, and status does not guess', async () => {
    expect(await world.acquire(['a'], 'shared')).toMatchObject({ kind: 'unavailable' });
    await expect(world.service.status('a')).rejects.toMatchObject({ kind: 'lock-store-unavailable' });
  });
});

test('an emptied table lets nobody past the bucket, asks it rarely, and is filled again by the republisher', async () => {
  const { handle } = await world.acquired(['a']);
  world.table.clear();
  world.buckets.calls.length = 0;
  const blocked = world.acquire(['a'], 'exclusive', { waitMs: 1000 });
  await world.clock.advance(1000);
  expect(await blocked).toMatchObject({ kind: 'held', by: { owners: [handle] } });
  expect(world.buckets.calls.filter((call) => call === 'acquire a').length).toBeLessThanOrEqual(6);
  let identity = 'one';
  const effectiveLocks = (): Promise<readonly { lockId: string; owner: string; token: number; remainingMs: number }[]> =>
    Promise.resolve([...world.buckets.rows].map(([lockId, row]) => ({ lockId, owner: row.owner, token: row.token, remainingMs: row.untilMs - world.clock.monotonicMs() })));
  const republisher = new LockRepublisher({ store: world.table, identity: () => Promise.resolve(identity), effectiveLocks, clock: world.clock, logger: silentLogger });
  republisher.start();
  await world.clock.advance(1000);
  expect(await world.table.holder('a')).toMatchObject({ owners: [handle], token: 1 });
  world.table.clear();
  await world.clock.advance(1000);
  expect(await world.table.holder('a')).toBeNull();
  identity = 'two';
  await world.clock.advance(1000);
  expect(await world.table.holder('a')).toMatchObject({ owners: [handle], token: 1 });
  republisher.stop();
});

test("a crowd around one lock: releases wake it without using up anybody's attempts", async () => {
  let holder = await world.acquired(['a'], 'exclusive', 60_000);
  const replies: LockReply[] = [];
  for (let i = 0; i < 20; i += 1) void world.acquire(['a'], 'exclusive', { timeoutMs: 60_000 }).then((reply) => replies.push(reply));
  for (let i = 0; i < 20; i += 1) {
    await world.clock.advance(10);
    await world.release(['a'], holder.handle);
    await settle();
    expect(replies).toHaveLength(i + 1);
    const next = replies[i];
    if (next?.kind !== 'acquired') throw new Error(`waiter ${i} got ${JSON.stringify(next)}`);
    holder = next;
  }
});

test('a handle of the other mode is not accepted', async () => {
  const { handle } = await world.acquired(['a'], 'shared');
  expect(await world.acquire(['a'], 'exclusive', { handle })).toEqual({ kind: 'lost', lockIds: ['a'] });
});

test('the seed form: Lock, Status, HasHandle, Unlock', async () => {
  const lock = new GlobalLock(world.service, world.clock, 'abc', CALLER);
  expect(lock.hasHandle()).toBe(false);
  expect(await lock.lock()).toMatchObject({ kind: 'acquired' });
  expect([lock.hasHandle(), (await lock.status())?.mode]).toEqual([true, 'exclusive']);
  expect(await lock.unlock()).toMatchObject({ kind: 'acquired' });
  expect([lock.hasHandle(), await lock.status(), await lock.unlock()]).toEqual([false, null, undefined]);
});
