/** The contracts on a real Redis, and what a real one can do to its clients: stop, lose its memory, cut, fall silent. */
import { startRedis, waitUntil, type TestServer } from '@mas/test-servers';
import { genesisPlacement } from '@mas/placement';
import { systemClock } from '@mas/testkit/clock';
import { accountNumber, currency, rmId, SeededRandom, silentLogger } from '@mas/values';
import { lockStoreContract } from './contract/lock-store-contract';
import { txnCoordinatorDaoContract } from './contract/txn-coordinator-dao-contract';
import { RedisLink } from './redis/redis-link';
import { RedisLockStore } from './redis/redis-lock-store';
import { RedisTxnCoordinatorDao, type RedisDaoOptions } from './redis/redis-txn-coordinator-dao';
import type { Retention } from './retention';
import { ended, sampleEntry } from './testing/entry-samples';

/** For answers that are meant to come, however busy the machine is. */
const PATIENT_MS = 60_000;

let server: TestServer;
let seed = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

class Client {
  readonly link = new RedisLink({ host: server.host, port: server.port, clock: systemClock, logger: silentLogger });
  readonly releases = new RedisLink({ host: server.host, port: server.port, clock: systemClock, logger: silentLogger });
  readonly locks = new RedisLockStore(this.link, this.releases, { boundMs: PATIENT_MS });
  readonly dao = this.daoWith({ beginBoundMs: PATIENT_MS, boundMs: PATIENT_MS });

  static async connected(): Promise<Client> {
    const client = new Client();
    await Promise.all([client.link.connect(PATIENT_MS), client.releases.connect(PATIENT_MS)]);
    await client.link.exchange(PATIENT_MS, (redis) => redis.flushall());
    await waitUntil('the client listens', async () =>
      String(await client.link.exchange(PATIENT_MS, (redis) => redis.pubsub('NUMSUB', 'mas:lock-released'))).endsWith('1'),
    );
    return client;
  }

  daoWith(options: RedisDaoOptions): RedisTxnCoordinatorDao {
    return new RedisTxnCoordinatorDao(this.link, new SeededRandom((seed += 1)), options);
  }

  async empty(): Promise<void> {
    await this.link.exchange(PATIENT_MS, (redis) => redis.flushall());
  }

  close(): void {
    this.link.close();
    this.releases.close();
  }
}

async function pair(): Promise<{ first: Client; second: Client; dispose: () => Promise<void> }> {
  const first = await Client.connected();
  const second = new Client();
  await Promise.all([second.link.connect(PATIENT_MS), second.releases.connect(PATIENT_MS)]);
  await waitUntil('both clients listen', async () =>
    String(await first.link.exchange(PATIENT_MS, (redis) => redis.pubsub('NUMSUB', 'mas:lock-released'))).endsWith('2'),
  );
  return {
    first,
    second,
    dispose: async () => {
      first.close();
      second.close();
      await waitUntil('nobody listens', async () => {
        const probe = new RedisLink({ host: server.host, port: server.port, clock: systemClock, logger: silentLogger });
        await probe.connect(PATIENT_MS);
        const left = String(await probe.exchange(PATIENT_MS, (redis) => redis.pubsub('NUMSUB', 'mas:lock-released')));
        probe.close();
        return left.endsWith('0');
      });
    },
  };
}

lockStoreContract('Redis', async () => {
  const { first, second, dispose } = await pair();
  return { store: first.locks, other: second.locks, empty: () => first.empty(), dispose };
});

txnCoordinatorDaoContract('Redis', async () => {
  const { first, second, dispose } = await pair();
  const withRetention = (retention: Retention): RedisTxnCoordinatorDao => first.daoWith({ retention, beginBoundMs: PATIENT_MS, boundMs: PATIENT_MS });
  return { dao: first.dao, other: second.dao, locks: first.locks, withRetention, empty: () => first.empty(), dispose };
});

describe('a Redis that fails', () => {
  let client: Client;
  beforeEach(async () => {
    client = await Client.connected();
  });
  afterEach(() => client.close());

  /** Without a turn of the event loop, so before any timer: no machine is too slow for that. */
  const refusedAtOnce = (call: Promise<unknown>): Promise<unknown> =>
    Promise.race([call.catch((error: unknown) => error), new Promise((resolve) => setImmediate(resolve, 'it waited'))]);
  const answersAgain = (): Promise<void> => waitUntil('Redis answers again', () => client.dao.ping().then(() => true));

  test('silence is bounded, later calls do not wait at all, and answers resume with the server', async () => {
    await client.dao.begin([sampleEntry(1)], []);
    const dao = client.daoWith({});
    server.pause();
    try {
      // It would never answer.
      await expect(dao.begin([sampleEntry(2)], ['a'])).rejects.toMatchObject({ kind: 'dao-unavailable' });
      for (let i = 0; i < 100; i += 1) {
        expect(await refusedAtOnce(dao.begin([sampleEntry(3)], ['a']))).toMatchObject({ kind: 'dao-unavailable' });
        expect(await refusedAtOnce(client.locks.exclusiveAmong(['a']))).toMatchObject({ kind: 'lock-store-unavailable' });
      }
    } finally {
      server.resume();
    }
    await answersAgain();
    expect((await client.dao.transactions([sampleEntry(1).key]))[0]?.state).toBe('PENDING');
  });

  test('a connection that stays silent is replaced', async () => {
    server.pause();
    await expect(client.daoWith({ boundMs: 100 }).ping()).rejects.toMatchObject({ kind: 'dao-unavailable' });
    await waitUntil('the link has let go', () => client.link.runId === undefined);
    server.resume();
    await answersAgain();
  });

  test('a restart changes the namespace of the cache; locks and entries of the append file are there', async () => {
    const entry = ended(sampleEntry(1), 'COMMITTED');
    await client.dao.record([entry]);
    const before = await client.dao.cacheNamespace();
    await server.restart();
    await answersAgain();
    expect(await client.dao.transactions([entry.key])).toEqual([entry]);
    expect(await client.dao.cacheNamespace()).not.toBe(before);
  });

  test('a lock whose key was evicted: its release frees it for payments, and wakes who waits', async () => {
    await client.locks.tryAcquire({ lockIds: ['a', 'b'], mode: 'exclusive', owner: 'x', timeoutMs: 600_000 });
    await client.link.exchange(PATIENT_MS, (redis) => redis.del('mas:lock:a'));
    expect(await client.dao.begin([], ['a', 'b'])).toEqual({ exclusivelyLocked: ['a', 'b'] });
    const waiting = client.locks.waitForRelease(['a'], 600_000);
    expect(await client.locks.release(['a'], 'x')).toEqual({ notHeld: ['a'] });
    await waiting;
    expect(await client.dao.begin([], ['a', 'b'])).toEqual({ exclusivelyLocked: ['b'] });
  });

  test('each key has an end, set with what it holds; a peers table that was evicted is published again', async () => {
    await client.dao.begin([sampleEntry(1)], []);
    await client.dao.record([ended(sampleEntry(2), 'COMMITTED')]);
    await client.dao.recordRepeated([ended(sampleEntry(3), 'ABORTED')]);
    await client.dao.cacheBalances(await client.dao.cacheNamespace(), [
      { number: accountNumber('alice'), currency: currency('USD'), balanceMinor: 1n, rev: 1, readAtMs: 1 },
    ]);
    await client.locks.tryAcquire({ lockIds: ['a'], mode: 'exclusive', owner: 'x', timeoutMs: 60_000 });
    await client.locks.republish([{ lockId: 'b', owner: 'y', token: 1, remainingMs: 50_000 }]);
    await client.locks.tryAcquire({ lockIds: ['c'], mode: 'shared', owner: 'x', timeoutMs: 60_000 });
    await client.locks.noteWaiting(['a'], 'z', 60_000);
    const map = genesisPlacement(
      [1, 2, 3].map((id) => ({ rm: rmId(id), address: `localhost:${id}` })),
      3,
      3,
    );
    await client.dao.publishPlacement(map);
    await client.link.exchange(PATIENT_MS, (redis) => redis.del('mas:peers'));
    await client.dao.publishPlacement(map);
    expect((await client.dao.peersList()).size).toBe(3);
    const keys = await client.link.exchange(PATIENT_MS, (redis) => redis.keys('*'));
    const endless: string[] = [];
    for (const key of keys) if ((await client.link.exchange(PATIENT_MS, (redis) => redis.pttl(key))) < 0) endless.push(key);
    expect(keys).toHaveLength(13);
    // One key each, and bounded by what they hold: open payments, buckets, a word.
    expect(endless.sort()).toEqual(['mas:generation', 'mas:peers', 'mas:placement', 'mas:txn:pending']);
  });

  test('an open entry that nobody here can read goes when it is looked at', async () => {
    await client.dao.begin([sampleEntry(1)], []);
    await client.link.exchange(PATIENT_MS, (redis) => redis.hset('mas:txn:pending', 'of another version', '[1,"x"]'));
    expect(await client.dao.pending(null, 10)).toEqual([sampleEntry(1)]);
    expect(await client.link.exchange(PATIENT_MS, (redis) => redis.hlen('mas:txn:pending'))).toBe(1);
  });

  test('a killed server: errors at once, then it comes back and waiters are woken again', async () => {
    await server.kill();
    await waitUntil('the link has noticed', () => client.link.runId === undefined);
    await expect(client.dao.begin([sampleEntry(1)], [])).rejects.toMatchObject({ kind: 'dao-unavailable' });
    await expect(client.locks.tryAcquire({ lockIds: ['a'], mode: 'exclusive', owner: 'x', timeoutMs: 1000 })).rejects.toMatchObject({
      kind: 'lock-store-unavailable',
    });
    await server.restart();
    await answersAgain();
    await waitUntil('the client listens again', async () =>
      String(await client.link.exchange(PATIENT_MS, (redis) => redis.pubsub('NUMSUB', 'mas:lock-released'))).endsWith('1'),
    );
    await client.locks.tryAcquire({ lockIds: ['a'], mode: 'exclusive', owner: 'x', timeoutMs: 60_000 });
    const waiting = client.locks.waitForRelease(['a'], 60_000);
    await client.locks.release(['a'], 'x');
    await waiting;
  });

  test('a connection cut by the server is made again', async () => {
    await client.link.exchange(PATIENT_MS, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    await client.link.exchange(PATIENT_MS, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no')).catch(() => undefined);
    await answersAgain();
  });

  test('a call sends as many commands for a thousand payments as for one', async () => {
    const commandsOf = async (run: () => Promise<unknown>): Promise<number> => {
      const sent = jest.spyOn(client.link.client, 'sendCommand');
      await run();
      const count = sent.mock.calls.length;
      sent.mockRestore();
      return count;
    };
    const many = Array.from({ length: 1000 }, (_, i) => sampleEntry(i));
    const ids = many.map((_, i) => `account-${i}`);
    expect(await commandsOf(() => client.dao.begin(many.slice(0, 1), ids.slice(0, 1)))).toBe(3);
    expect(await commandsOf(() => client.dao.begin(many, ids))).toBe(3);
    expect(await commandsOf(() => client.dao.record(many.map((entry) => ended(entry, 'COMMITTED'))))).toBe(2);
    expect(await commandsOf(() => client.dao.transactions(many.map((entry) => entry.key)))).toBe(2);
  });
});

describe('a Redis whose memory is full', () => {
  let small: TestServer;
  let link: RedisLink;
  let dao: RedisTxnCoordinatorDao;
  beforeAll(async () => {
    small = await startRedis({ appendOnly: 'off', extraArgs: ['--maxmemory', '4mb'] });
  });
  afterAll(() => small.stop());
  beforeEach(async () => {
    link = new RedisLink({ host: small.host, port: small.port, clock: systemClock, logger: silentLogger });
    await link.connect(PATIENT_MS);
    await link.exchange(PATIENT_MS, (redis) => redis.flushall());
    dao = new RedisTxnCoordinatorDao(link, new SeededRandom(1), { beginBoundMs: PATIENT_MS, boundMs: PATIENT_MS });
  });
  afterEach(() => link.close());

  const policy = (name: string): Promise<unknown> => link.exchange(PATIENT_MS, (redis) => redis.config('SET', 'maxmemory-policy', name));
  const payment = async (number: number): Promise<'noted' | 'refused'> => {
    const outcomes = await Promise.allSettled([dao.begin([sampleEntry(number)], ['alice']), dao.record([ended(sampleEntry(number), 'COMMITTED')])]);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ kind: 'dao-unavailable', message: expect.stringContaining('OOM') as unknown });
    return outcomes[1].status === 'fulfilled' ? 'noted' : 'refused';
  };
  const states = async (numbers: readonly number[]): Promise<readonly (string | undefined)[]> =>
    (await dao.transactions(numbers.map((number) => sampleEntry(number).key))).map((entry) => entry?.state);

  test('noeviction: writes are refused by name, what has ended is not open all the same, and reads go on', async () => {
    await policy('noeviction');
    const outcomes: string[] = [];
    for (let number = 0; number < 6_000; number += 1) outcomes.push(await payment(number));
    expect(outcomes[0]).toBe('noted');
    const refused = outcomes.indexOf('refused');
    expect(refused).toBeGreaterThan(0);
    expect(await states([0, refused])).toEqual(['COMMITTED', undefined]);
    const used = Number(/used_memory:(\d+)/.exec(await link.exchange(PATIENT_MS, (redis) => redis.info('memory')))?.[1]);
    expect(used).toBeLessThan(5 << 20);
    expect(await dao.pending(null, 10)).toEqual([]);
    // Room was made.
    await link.exchange(PATIENT_MS, (redis) => redis.flushall());
    expect(await payment(1)).toBe('noted');
  });

  test.each(['allkeys-lru', 'volatile-ttl'])('%s: everything is noted, what is old goes', async (name) => {
    await policy(name);
    for (let number = 0; number < 6_000; number += 1) expect(await payment(number)).toBe('noted');
    const found = await states(Array.from({ length: 6_000 }, (_, number) => number));
    expect(found.filter((state) => state === 'COMMITTED').length).toBeGreaterThan(500);
    expect(found.filter((state) => state === undefined).length).toBeGreaterThan(500);
    expect(found[5_999]).toBe('COMMITTED');
    expect(await dao.pending(null, 10)).toEqual([]);
  });
});

test('an unreachable Redis delays the start by its bound only', async () => {
  const link = new RedisLink({ host: '127.0.0.1', port: 1, clock: systemClock, logger: silentLogger });
  await link.connect(100);
  const dao = new RedisTxnCoordinatorDao(link, new SeededRandom(1));
  await expect(dao.ping()).rejects.toMatchObject({ kind: 'dao-unavailable' });
  link.close();
});
