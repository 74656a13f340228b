/** The lock service under a clock that the test moves: waiting, waking, fixed order, all or none, and life without the lock table. */
import { VirtualClock } from '@mas/testkit/clock';
import { SeededRandom, silentLogger } from '@mas/values';
import { GlobalLocks, MAX_LOCKS_LISTED } from './global-locks';
import { LockRepublisher } from './lock-republisher';
import { DEFAULT_LOCK_PROPERTIES, type LockReply } from './lock-service';
import { LockStoreUnavailable, type LockMode, type LockStore } from './lock-store';
import { MemoryLockStore } from './memory-lock-store';
import { ModelBuckets } from './testing/model-buckets';

const CALLER = { subject: { kind: 'operator', name: 'mas|ops' }, token: 'jwt' } as const;

class World {
  readonly clock = new VirtualClock();
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

  acquire(
    lockIds: readonly string[],
    mode: LockMode = 'exclusive',
    options: { handle?: string; waitMs?: number; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<LockReply> {
    const properties = { ...DEFAULT_LOCK_PROPERTIES, lockTimeoutMs: options.timeoutMs ?? 5000 };
    return this.service.acquire({
      lockIds,
      mode,
      handle: options.handle ?? null,
      properties,
      deadlineMs: this.clock.monotonicMs() + (options.waitMs ?? 60_000),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...CALLER,
    });
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
  expect(locks).toEqual([
    { lockId: 'a', token: 1 },
    { lockId: 'b', token: 2 },
    { lockId: 'c', token: 3 },
  ]);
  expect(await world.service.status('b')).toMatchObject({ mode: 'exclusive', owners: [handle], token: 2 });
  expect(await world.release(['a', 'b', 'c'], handle)).toMatchObject({ kind: 'acquired', locks: [] });
  expect([world.buckets.held(), await world.service.status('b')]).toEqual([[], null]);
});

test('shared locks go together, as rows of the bucket; an exclusive one waits for all of them', async () => {
  const first = await world.acquired(['a'], 'shared');
  const second = await world.acquired(['a'], 'shared');
  const waiting = world.acquire(['a']);
  await world.clock.advance(100);
  await world.release(['a'], first.handle);
  await world.clock.settle();
  expect(world.buckets.calls).toEqual(['acquire a', 'acquire a', 'release a']);
  expect(first.locks).toEqual([{ lockId: 'a', token: null }]);
  await world.release(['a'], second.handle);
  await world.clock.settle();
  expect(await waiting).toMatchObject({ kind: 'acquired' });
});

test('a release wakes a waiter at once, long before its delay is over', async () => {
  const { handle } = await world.acquired(['a']);
  let reply: LockReply | undefined;
  void world.acquire(['a']).then((answer) => (reply = answer));
  await world.clock.advance(10);
  expect(reply).toBeUndefined();
  await world.release(['a'], handle);
  await world.clock.settle();
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
  await world.clock.settle();
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

  test('shared locks as well; status does not guess, and the bucket says who holds it', async () => {
    const { handle } = await world.acquired(['a'], 'shared');
    expect(await world.acquire(['a'], 'exclusive', { waitMs: 0 })).toMatchObject({ kind: 'held', by: { mode: 'shared' } });
    expect(await world.service.inspect('a', 0)).toMatchObject({ mode: 'shared', holders: [{ heldBy: `holder of ${handle}` }], waiting: null });
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
    Promise.resolve([{ lockId: 'a', owner: handle, token: 1, remainingMs: 2_000 }]);
  const republisher = new LockRepublisher({
    store: world.table,
    identity: () => Promise.resolve(identity),
    effectiveLocks,
    clock: world.clock,
    logger: silentLogger,
  });
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
    await world.clock.settle();
    expect(replies).toHaveLength(i + 1);
    const next = replies[i];
    if (next?.kind !== 'acquired') throw new Error(`waiter ${i} got ${JSON.stringify(next)}`);
    holder = next;
  }
});

test('an emptied table forgets a shared lock, and its bucket does not: nobody gets an exclusive one beside it', async () => {
  const reader = await world.acquired(['a'], 'shared', 60_000);
  world.table.clear();
  const blocked = world.acquire(['a'], 'exclusive', { waitMs: 500 });
  await world.clock.advance(1_000);
  expect(await blocked).toMatchObject({ kind: 'held', by: { mode: 'shared' } });
  world.table.clear();
  expect(await world.service.refresh({ lockIds: ['a'], handle: reader.handle, timeoutMs: 60_000 })).toMatchObject({ kind: 'acquired' });
  expect(await world.release(['a'], reader.handle)).toMatchObject({ kind: 'acquired' });
  expect(await world.acquire(['a'])).toMatchObject({ kind: 'acquired' });
});

describe('a call that has ended', () => {
  test('gives up its place: what is released later is not taken for nobody', async () => {
    const { handle } = await world.acquired(['a']);
    const call = new AbortController();
    const waiting = world.acquire(['a'], 'exclusive', { signal: call.signal });
    await world.clock.advance(10);
    expect(await world.table.waiting('a')).toBe(1);
    call.abort();
    expect(await waiting).toEqual({ kind: 'cancelled' });
    expect(await world.table.waiting('a')).toBe(0);
    await world.release(['a'], handle);
    await world.clock.advance(20_000);
    expect(world.buckets.held()).toEqual([]);
    expect(await world.table.holder('a')).toBeNull();
  });

  test.each(['exclusive', 'shared'] as const)('gives a grant that comes too late back, %s', async (mode) => {
    const call = new AbortController();
    world.buckets.onGranted = () => {
      call.abort();
      return Promise.resolve();
    };
    expect(await world.acquire(['a', 'b'], mode, { signal: call.signal })).toEqual({ kind: 'cancelled' });
    expect([world.buckets.held(), await world.table.holder('a'), await world.table.holder('b')]).toEqual([[], null, null]);
  });

  test('keeps what its caller holds under a handle of his own', async () => {
    const { handle } = await world.acquired(['a']);
    const call = new AbortController();
    world.buckets.onGranted = () => {
      call.abort();
      return Promise.resolve();
    };
    expect(await world.acquire(['a'], 'exclusive', { handle, signal: call.signal })).toMatchObject({ kind: 'acquired', handle });
    expect(world.buckets.held()).toEqual(['a']);
  });

  test('does not wait for legs that are still undecided', async () => {
    world.buckets.preparedLegs.set('a', 1);
    const call = new AbortController();
    const waiting = world.acquire(['a'], 'exclusive', { signal: call.signal });
    await world.clock.advance(50);
    call.abort();
    await world.clock.advance(500);
    expect(await waiting).toEqual({ kind: 'cancelled' });
    expect(world.buckets.held()).toEqual([]);
  });
});

test('a bucket that did not answer may grant it later: it is given back once more', async () => {
  world.buckets.unavailable.add('a');
  expect(await world.acquire(['a'])).toMatchObject({ kind: 'unavailable' });
  await world.clock.advance(1_000);
  world.buckets.unavailable.delete('a');
  const before = world.buckets.calls.filter((call) => call === 'release a').length;
  await world.clock.advance(5_000);
  expect(world.buckets.calls.filter((call) => call === 'release a').length).toBe(before + 1);
});

describe('breaking', () => {
  test('ends all holders, wakes who waits, and is noted; the old handle owns nothing', async () => {
    const readers = [await world.acquired(['a'], 'shared', 60_000), await world.acquired(['a'], 'shared', 60_000)];
    const waiting = world.acquire(['a']);
    await world.clock.advance(10);
    expect(await world.service.inspect('a', 0)).toMatchObject({ waiting: 1, lastBreak: null });
    expect(await world.service.break({ lockId: 'a', token: 'jwt', deadlineMs: 0 })).toMatchObject({
      kind: 'broken',
      was: { mode: 'shared', holders: [{ token: 1 }, { token: 2 }] },
    });
    await world.clock.settle();
    expect(await waiting).toMatchObject({ kind: 'acquired', locks: [{ token: 3 }] });
    for (const { handle } of readers) expect(await world.service.refresh({ lockIds: ['a'], handle, timeoutMs: 1000 })).toMatchObject({ kind: 'lost' });
    expect(await world.service.inspect('a', 0)).toMatchObject({ mode: 'exclusive', lastBreak: { by: 'jwt', upToToken: 2 } });
  });

  test('what nobody holds is not broken, without the table it works, without the bucket it says so', async () => {
    expect(await world.service.break({ lockId: 'a', token: 'jwt', deadlineMs: 0 })).toEqual({ kind: 'not-held' });
    await world.acquired(['a']);
    world.down = true;
    expect(await world.service.break({ lockId: 'a', token: 'jwt', deadlineMs: 0 })).toMatchObject({ kind: 'broken' });
    world.buckets.unavailable.add('a');
    expect(await world.service.break({ lockId: 'a', token: 'jwt', deadlineMs: 0 })).toMatchObject({ kind: 'unavailable' });
    await expect(world.service.inspect('a', 0)).rejects.toMatchObject({ kind: 'lock-store-unavailable' });
  });
});

test('what is held is listed by id, and no more of it than one answer takes', async () => {
  await world.acquired(['b'], 'shared', 60_000);
  await world.acquired(['a'], 'exclusive', 60_000);
  await world.acquired(['gone'], 'exclusive', 1);
  await world.clock.advance(10);
  expect((await world.service.list(0)).locks).toMatchObject([
    { lockId: 'a', mode: 'exclusive', waiting: null },
    { lockId: 'b', mode: 'shared', waiting: null },
  ]);
  world.buckets.list = () =>
    Promise.resolve({
      locks: Array.from({ length: MAX_LOCKS_LISTED + 2 }, (_, at) => ({ lockId: `lock-${at}`, mode: 'exclusive', holders: [], lastBreak: null })),
      silent: [],
    });
  const { locks, more } = await world.service.list(0);
  expect([locks.length, more]).toEqual([MAX_LOCKS_LISTED, 2]);
});

test('a handle of the other mode is not accepted', async () => {
  const { handle } = await world.acquired(['a'], 'shared');
  expect(await world.acquire(['a'], 'exclusive', { handle })).toEqual({ kind: 'lost', lockIds: ['a'] });
});

test('locks that nobody gives back, and queues that nobody leaves, do not pile up in the table in memory', async () => {
  const { clock, table } = new World();
  for (let number = 0; number < 1_000; number += 1) {
    await table.tryAcquire({ lockIds: [`lock-${number}`], mode: number % 2 === 0 ? 'exclusive' : 'shared', owner: 'gone', timeoutMs: 50 });
    await table.noteWaiting([`lock-${number}`], 'gone', 50);
    await clock.advance(10);
  }
  expect(table.size).toBeLessThan(50);
});
