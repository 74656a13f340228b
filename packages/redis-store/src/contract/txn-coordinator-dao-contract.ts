/** What every TxnCoordinatorDAO must do, run on the embedded stand-in and on a real Redis. */
import type { LockStore } from '@mas/global-lock';
import { ordinal } from '@mas/membership';
import { genesisPlacement, type PlacementMap } from '@mas/placement';
import { madeUpCluster, madeUpIncarnation } from '@mas/testkit/membership';
import type { CachedBalance, TransactionEntry, TxnCoordinatorDAO } from '@mas/transaction-coordinator';
import { waitUntil } from '@mas/test-servers';
import { accountNumber, bucketId, currency, paymentKey, rmId } from '@mas/values';
import type { Retention } from '../retention';
import { ended, sampleEntry } from '../testing/entry-samples';

export interface DaoHarness {
  /** Two coordinators on one store, which is empty. */
  readonly dao: TxnCoordinatorDAO;
  readonly other: TxnCoordinatorDAO;
  readonly locks: LockStore;
  /** The same store through a DAO that keeps ended entries so long and so many. */
  withRetention(retention: Retention): TxnCoordinatorDAO;
  /** FLUSHALL. */
  empty(): Promise<void>;
  dispose(): Promise<void>;
}

const ALICE = accountNumber('alice');
const BOB = accountNumber('bob');

function balance(rev: number, number = ALICE): CachedBalance {
  return { number, currency: currency('USD'), balanceMinor: 9_007_199_254_740_993n + BigInt(rev), rev, readAtMs: 1000 + rev };
}

function mapOfVersion(version: number): PlacementMap {
  const resourceManagers = [1, 2, 3].map((id) => ({ rm: rmId(id), address: `localhost:500${id}` }));
  const nodes = [{ rm: rmId(1), incarnation: madeUpIncarnation({ rm: rmId(1), ordinal: ordinal(2) }), ordinal: ordinal(2), isLost: true }];
  return { ...genesisPlacement(resourceManagers, 3, 2), version, cluster: { clusterId: madeUpCluster([]).clusterId, nodes, txnVersion: 2 } };
}

export function txnCoordinatorDaoContract(name: string, create: () => Promise<DaoHarness>): void {
  describe(`TxnCoordinatorDAO contract: ${name}`, () => {
    let harness: DaoHarness;
    let dao: TxnCoordinatorDAO;
    beforeEach(async () => {
      harness = await create();
      dao = harness.dao;
    });
    afterEach(() => harness.dispose());

    test('an entry comes back as it was written, to every coordinator, in the order asked for', async () => {
      const [first, second] = [sampleEntry(1), sampleEntry(2)];
      expect(await dao.begin([first, second], [])).toEqual({ exclusivelyLocked: [] });
      expect(await harness.other.transactions([second.key, paymentKey('mas|ops', 'unknown'), first.key])).toEqual([second, null, first]);
      expect(await dao.transactions([])).toEqual([]);
    });

    test.each(['COMMITTED', 'ABORTED'] as const)('%s is final: neither a late record nor a retry puts PENDING in its place', async (state) => {
      const entry = sampleEntry(1);
      await dao.begin([entry], []);
      await dao.record([{ ...entry, timeline: [] }]);
      expect((await dao.transactions([entry.key]))[0]?.timeline).toEqual([]);
      const final = ended(entry, state);
      await dao.record([final]);
      await dao.record([entry]);
      await harness.other.begin([{ ...entry, coordinator: 'tm-2', createdAtMs: entry.createdAtMs + 5 }], []);
      expect(await dao.transactions([entry.key])).toEqual([final]);
      expect(await dao.pending(null, 10)).toEqual([]);
    });

    test('begin tells which of the ids an exclusive lock holds: not shared, released or expired ones', async () => {
      await harness.locks.tryAcquire({ lockIds: ['a', 'b'], mode: 'exclusive', owner: 'x-1', timeoutMs: 60_000 });
      await harness.locks.tryAcquire({ lockIds: ['c'], mode: 'shared', owner: 's-1', timeoutMs: 60_000 });
      await harness.locks.tryAcquire({ lockIds: ['d'], mode: 'exclusive', owner: 'x-2', timeoutMs: 30 });
      expect(await dao.begin([sampleEntry(1)], ['a', 'c', 'e'])).toEqual({ exclusivelyLocked: ['a'] });
      await harness.locks.release(['a'], 'x-1');
      await waitUntil('the lock has expired', async () => (await dao.begin([], ['a', 'b', 'd'])).exclusivelyLocked.join() === 'b');
    });

    test('begin sees every exclusive lock also where very many are held, and expired ones hide none', async () => {
      const held = Array.from({ length: 100 }, (_, i) => `lock-${i}`);
      await harness.locks.tryAcquire({ lockIds: held.slice(0, 70), mode: 'exclusive', owner: 'x-1', timeoutMs: 30 });
      await harness.locks.tryAcquire({ lockIds: ['longest'], mode: 'exclusive', owner: 'x-2', timeoutMs: 60_000 });
      await waitUntil('they have expired', async () => (await dao.begin([], ['longest', ...held])).exclusivelyLocked.join() === 'longest');
      await harness.locks.tryAcquire({ lockIds: held, mode: 'exclusive', owner: 'x-3', timeoutMs: 60_000 });
      const asked = ['free', ...held, 'longest'];
      expect([...(await dao.begin([sampleEntry(1)], asked)).exclusivelyLocked].sort()).toEqual([...held, 'longest'].sort());
    });

    test('pending lists what has not ended, oldest first, by coordinator, up to the limit', async () => {
      const entries = [5, 3, 4, 1, 2].map((number) => sampleEntry(number, { coordinator: number % 2 === 0 ? 'tm-2' : 'tm-1' }));
      await dao.begin(entries, []);
      await dao.record([ended(sampleEntry(3), 'COMMITTED')]);
      const keys = async (coordinator: string | null, limit: number): Promise<readonly string[]> =>
        (await dao.pending(coordinator, limit)).map((entry) => entry.key.slice(-1));
      expect([await keys(null, 10), await keys('tm-1', 10), await keys('tm-2', 1)]).toEqual([['1', '2', '4', '5'], ['1', '5'], ['2']]);
    });

    test('a forgotten attempt is gone; another one at the same payment, and what has ended, stays', async () => {
      const [refused, final, others] = [sampleEntry(1), ended(sampleEntry(2), 'COMMITTED'), sampleEntry(3, { coordinator: 'tm-2' })];
      await dao.begin([refused, others], []);
      await dao.record([final]);
      await harness.other.forget([refused, final, { ...others, coordinator: 'tm-1' }, { ...others, createdAtMs: others.createdAtMs + 1 }, sampleEntry(9)]);
      await dao.forget([]);
      expect(await dao.transactions([refused.key, final.key, others.key])).toEqual([null, final, others]);
      expect(await dao.pending(null, 10)).toEqual([others]);
    });

    test('of several attempts that have begun the first is kept: its age is the payment’s', async () => {
      const first = sampleEntry(1);
      await dao.begin([first], []);
      await harness.other.begin([{ ...first, coordinator: 'tm-2', createdAtMs: first.createdAtMs + 5_000, timeline: [] }, sampleEntry(2)], []);
      expect(await dao.transactions([first.key, sampleEntry(2).key])).toEqual([first, sampleEntry(2)]);
    });

    describe('a repetition', () => {
      const step = (atMs: number, name: string, detail: string | null = null): TransactionEntry['timeline'][number] => ({
        atMs,
        step: name,
        bucket: null,
        detail,
      });
      const attempt = (coordinator: string, afterMs: number, ...names: readonly string[]): TransactionEntry => {
        const createdAtMs = sampleEntry(1).createdAtMs + afterMs;
        return sampleEntry(1, { coordinator, createdAtMs, timeline: names.map((name, i) => step(createdAtMs + i, name)) });
      };
      const steps = async (): Promise<readonly string[]> =>
        ((await dao.transactions([sampleEntry(1).key]))[0]?.timeline ?? []).map((one) => `${one.step}${one.detail === null ? '' : ` ${one.detail}`}`);

      test.each(['tm-1', 'tm-2'])('by %s adds to the trace of what has ended, however often, and changes nothing else of it', async (coordinator) => {
        const original = ended(attempt('tm-1', 0, 'received', 'prepared', 'decided', 'ended'), 'COMMITTED');
        await dao.begin([attempt('tm-1', 0, 'received')], []);
        await dao.record([original]);
        const retry = ended(attempt(coordinator, 60, 'received', 'decided', 'ended'), 'COMMITTED');
        await harness.other.begin([attempt(coordinator, 60, 'received')], []);
        await harness.other.recordRepeated([retry]);
        await harness.other.recordRepeated([retry]);
        const again = [`received again, by ${coordinator}`, 'decided', 'ended'];
        expect(await steps()).toEqual(['received', 'prepared', 'decided', 'ended', ...again]);
        expect((await dao.transactions([original.key]))[0]).toMatchObject({ ...original, timeline: expect.any(Array) as unknown });
        await dao.recordRepeated([ended(attempt('tm-3', 90, 'received'), 'COMMITTED')]);
        expect(await steps()).toEqual(['received', 'prepared', 'decided', 'ended', ...again, 'received again, by tm-3']);
        expect(await dao.pending(null, 10)).toEqual([]);
      });

      test('that ends what another attempt had begun keeps its beginning and its age', async () => {
        const first = attempt('tm-1', 0, 'received');
        await dao.begin([first], []);
        await harness.other.recordRepeated([ended(attempt('tm-2', 50, 'received', 'decided'), 'ABORTED')]);
        expect(await steps()).toEqual(['received', 'received again, by tm-2', 'decided']);
        expect((await dao.transactions([first.key]))[0]).toMatchObject({ state: 'ABORTED', coordinator: 'tm-2', createdAtMs: first.createdAtMs });
        expect(await dao.pending(null, 10)).toEqual([]);
      });

      test('of its own beginning takes its place', async () => {
        await dao.begin([attempt('tm-1', 0, 'received')], []);
        const end = ended(attempt('tm-1', 0, 'received', 'decided'), 'COMMITTED');
        await dao.recordRepeated([end]);
        expect(await dao.transactions([end.key])).toEqual([end]);
      });

      test('of many at once by two coordinators loses none of them', async () => {
        await dao.record([ended(attempt('tm-1', 0, 'received'), 'COMMITTED')]);
        await Promise.all([1, 2].map((n) => [dao, harness.other][n - 1]?.recordRepeated([ended(attempt(`tm-${n + 1}`, n, 'received'), 'COMMITTED')])));
        expect(await steps()).toEqual(['received', 'received again, by tm-2', 'received again, by tm-3']);
      });

      test('of another transaction under the same id, which lost, replaces what it had begun and nothing that has ended', async () => {
        const [bound, lost] = [ended(attempt('tm-1', 0), 'COMMITTED'), attempt('tm-2', 5, 'received')];
        await dao.begin([{ ...lost, txn: sampleEntry(7).txn }], []);
        await dao.recordRepeated([bound]);
        await dao.recordRepeated([{ ...bound, txn: sampleEntry(8).txn }]);
        expect(await dao.transactions([bound.key])).toEqual([bound]);
      });
    });

    test('two thousand payments in one call', async () => {
      const entries = Array.from({ length: 2000 }, (_, i) => sampleEntry(i));
      await dao.record(entries.map((entry) => ended(entry, 'COMMITTED')));
      const found = await dao.transactions(entries.map((entry) => entry.key));
      expect(found.filter((entry) => entry?.state === 'COMMITTED')).toHaveLength(2000);
    });

    test('ended entries expire by age, open ones never', async () => {
      const brief = harness.withRetention({ ageMs: 60, entries: 1_000 });
      const open = sampleEntry(2, { createdAtMs: Date.now() - 90 * 24 * 3_600_000 });
      await brief.begin([open], []);
      await brief.record([ended(sampleEntry(1), 'COMMITTED')]);
      await waitUntil('the ended one is gone', async () => (await brief.transactions([sampleEntry(1).key]))[0] === null);
      expect([await brief.transactions([open.key]), await brief.pending(null, 10)]).toEqual([[open], [open]]);
    });

    test('ended entries expire by number, those that ended first; a rewritten one counts once', async () => {
      const few = harness.withRetention({ ageMs: 3_600_000, entries: 10 });
      await few.begin([sampleEntry(0)], []);
      const entries = Array.from({ length: 40 }, (_, i) => ended(sampleEntry(i + 1), 'COMMITTED'));
      for (const entry of entries) {
        await few.record([entry]);
        await few.record([entry]);
      }
      const states = (await few.transactions(entries.map((entry) => entry.key))).map((entry) => entry?.state);
      expect(states).toEqual(entries.map((_, i) => (i < 30 ? undefined : 'COMMITTED')));
      await few.record(entries.slice(0, 15));
      expect((await few.transactions(entries.map((entry) => entry.key))).filter((entry) => entry !== null)).toHaveLength(10);
      expect(await few.pending(null, 10)).toEqual([sampleEntry(0)]);
    });

    test('a repetition of what has expired leaves no entry: the buckets tell more of it', async () => {
      const end = { ...ended(sampleEntry(1), 'COMMITTED'), endedAtMs: sampleEntry(1).createdAtMs - 1 };
      await dao.begin([sampleEntry(1)], []);
      await dao.recordRepeated([end]);
      expect([await dao.transactions([end.key]), await dao.pending(null, 10)]).toEqual([[null], []]);
    });

    test('the placement map is replaced by newer versions only, and the peers table follows it', async () => {
      expect([await dao.placement(), await dao.peersList()]).toEqual([null, new Map()]);
      await dao.publishPlacement(mapOfVersion(2));
      await harness.other.publishPlacement({ ...mapOfVersion(1), buckets: [] });
      await harness.other.publishPlacement({ ...mapOfVersion(2), buckets: [] });
      expect(await harness.other.placement()).toEqual(mapOfVersion(2));
      expect(await dao.peersList()).toEqual(
        new Map([
          [bucketId(1), 'localhost:5001,localhost:5002'],
          [bucketId(2), 'localhost:5002,localhost:5003'],
          [bucketId(3), 'localhost:5003,localhost:5001'],
        ]),
      );
      await dao.publishPlacement({ ...mapOfVersion(10), buckets: mapOfVersion(10).buckets.slice(0, 1) });
      expect([...(await dao.peersList()).keys()]).toEqual([1]);
    });

    test('a cached balance never goes back', async () => {
      const namespace = await dao.cacheNamespace();
      expect(await harness.other.cacheNamespace()).toBe(namespace);
      await dao.cacheBalances(namespace, [balance(5), balance(1, BOB)]);
      await harness.other.cacheBalances(namespace, [balance(4), balance(2, BOB)]);
      expect(await dao.cachedBalances([BOB, accountNumber('nobody'), ALICE])).toEqual([balance(2, BOB), null, balance(5)]);
    });

    test('a balance read before the store was emptied is not filled in afterwards', async () => {
      const before = await dao.cacheNamespace();
      await dao.cacheBalances(before, [balance(5)]);
      await harness.empty();
      expect(await dao.cachedBalances([ALICE])).toEqual([null]);
      const after = await dao.cacheNamespace();
      expect(after).not.toBe(before);
      await dao.cacheBalances(before, [balance(9)]);
      expect(await dao.cachedBalances([ALICE])).toEqual([null]);
      await dao.cacheBalances(after, [balance(3)]);
      expect(await dao.cachedBalances([ALICE])).toEqual([balance(3)]);
    });

    test('emptied between any two calls, everything can be written again', async () => {
      const entry = sampleEntry(1);
      await dao.begin([entry], ['a']);
      await harness.empty();
      expect(await dao.transactions([entry.key])).toEqual([null]);
      expect([await dao.pending(null, 10), await dao.placement(), await dao.peersList()]).toEqual([[], null, new Map()]);
      const final = ended(entry, 'COMMITTED');
      await dao.record([final]);
      await dao.publishPlacement(mapOfVersion(1));
      expect([await dao.transactions([entry.key]), (await dao.placement())?.version]).toEqual([[final], 1]);
      await dao.ping();
    });
  });
}
