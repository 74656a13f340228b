/**
 * What every LogStore must do, run on the log in memory here, on the one on disk and on the simulated disk in raft-log. The last test is the
 * strongest: seeded random histories with power failures; what comes back is always some prefix of what was written
 * that holds everything acknowledged.
 */
import { logIndex } from '@mas/raft';
import type { LogRecovery, LogStore } from '@mas/multi-raft';
import { bucketId, SeededRandom, type BucketId } from '@mas/values';
import { appended, dump, entries, entry, G1, G2, hardState, id, THREE_VOTERS, write } from './log-samples';

export interface LogStoreHarness {
  /** A store on whatever is there, recovered. */
  open(): Promise<{ readonly store: LogStore; readonly recovery: LogRecovery }>;
  /** Power failure: what was not synced may be lost; the open store is never used again. */
  crash(): void;
  dispose(): Promise<void>;
}

const ZERO = { at: id(0, 0), confState: THREE_VOTERS };

export function logStoreContract(name: string, create: () => Promise<LogStoreHarness>): void {
  describe(`LogStore contract: ${name}`, () => {
    let harness: LogStoreHarness;
    beforeEach(async () => {
      harness = await create();
    });
    afterEach(() => harness.dispose());

    const reopen = async (store: LogStore): Promise<LogStore> => {
      await store.close();
      return (await harness.open()).store;
    };

    test('an empty log knows no group; a group begins behind its start', async () => {
      const { store, recovery } = await harness.open();
      expect(recovery).toEqual({ groups: [], torn: null });
      expect(store.storage(G1)).toBeUndefined();
      await store.reset(G1, { at: id(7, 3), confState: THREE_VOTERS });
      const storage = store.storage(G1);
      expect([storage?.firstIndex(), storage?.lastIndex(), storage?.term(logIndex(7)), storage?.term(logIndex(8))]).toEqual([8, 7, 3, undefined]);
      expect(storage?.initialState()).toEqual({ hardState: hardState(3, undefined, 7), confState: THREE_VOTERS });
      expect(storage?.snapshot()).toEqual({ metadata: { index: 7, term: 3, confState: THREE_VOTERS }, data: new Uint8Array(0) });
      await store.close();
    });

    test('entries and hard state are visible at once, and there after a restart, twice', async () => {
      let { store } = await harness.open();
      await store.reset(G1, ZERO);
      await store.reset(G2, ZERO);
      const done = appended(store, G1, write(entries(1, 3, 2), hardState(2, 1, 1)));
      expect(store.storage(G1)?.lastIndex()).toBe(3);
      await done;
      await appended(
        store,
        G2,
        write([
          { ...entry(1, 1, '\u0000\u00ff'), type: 'conf-change-v2' },
          { ...entry(2, 1, ''), type: 'conf-change' },
        ]),
      );
      const before = dump(store, [G1, G2]);
      store = await reopen(store);
      expect(dump(store, [G1, G2])).toEqual(before);
      store = await reopen(store);
      expect(dump(store, [G1, G2])).toEqual(before);
      await store.close();
    });

    test('a later leader replaces the tail from the first index given', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      await appended(store, G1, write(entries(1, 5, 1)));
      await appended(store, G1, write(entries(3, 4, 2)));
      const again = await reopen(store);
      const storage = again.storage(G1);
      expect([1, 2, 3, 4, 5].map((index) => storage?.term(logIndex(index)))).toEqual([1, 1, 2, 2, undefined]);
      await again.close();
    });

    test('entries() keeps to the byte limit but gives at least one', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      await appended(store, G1, write(entries(1, 5, 1)));
      expect(store.storage(G1)?.entries(logIndex(2), logIndex(6), 1)).toHaveLength(1);
      expect(store.storage(G1)?.entries(logIndex(2), logIndex(6), 60)).toHaveLength(2);
      expect(store.storage(G1)?.entries(logIndex(2), logIndex(6), 10_000)).toHaveLength(4);
      await store.close();
    });

    test('acknowledgements of a group come in the order of its writes, whether they need a sync or not', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      const order: number[] = [];
      await new Promise<void>((resolve) => {
        store.append(G1, write(entries(1, 1, 1)), () => order.push(1));
        store.append(G1, { hardState: hardState(1, undefined, 1), entries: [], mustSync: false }, () => order.push(2));
        store.append(G1, { hardState: undefined, entries: [], mustSync: false }, () => order.push(3));
        store.append(G1, write(entries(2, 2, 1)), () => order.push(4));
        store.append(G1, write([], hardState(2, 3, 1)), () => {
          order.push(5);
          resolve();
        });
      });
      expect(order).toEqual([1, 2, 3, 4, 5]);
      await store.close();
    });

    test('a commit index alone is acknowledged without company and is kept by an orderly close', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      await appended(store, G1, write(entries(1, 2, 1)));
      await appended(store, G1, { hardState: hardState(1, undefined, 2), entries: [], mustSync: false });
      const again = await reopen(store);
      expect(again.storage(G1)?.initialState().hardState.commit).toBe(2);
      await again.close();
    });

    test('compaction keeps the term at its point, for good; an older one is ignored', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      await appended(store, G1, write([...entries(1, 2, 1), ...entries(3, 6, 2)]));
      store.compact(G1, id(4, 2));
      store.compact(G1, id(2, 1));
      const again = await reopen(store);
      for (const each of [store, again]) {
        const storage = each.storage(G1);
        expect([storage?.firstIndex(), storage?.lastIndex(), storage?.term(logIndex(4)), storage?.term(logIndex(3))]).toEqual([5, 6, 2, undefined]);
        expect(storage?.entries(logIndex(4), logIndex(6), 1000)).toBeUndefined();
        expect(storage?.snapshot()?.metadata).toMatchObject({ index: 4, term: 2 });
      }
      expect(() => again.compact(G1, id(5, 9))).toThrow('compaction names an entry of the log');
      await again.close();
    });

    test('a reset drops the entries, keeps term and vote, and counts what is before it as committed', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      await appended(store, G1, write(entries(1, 5, 2), hardState(4, 2, 3)));
      await store.reset(G1, { at: id(20, 3), confState: { ...THREE_VOTERS, voters: THREE_VOTERS.voters.slice(0, 1) } });
      await appended(store, G1, write(entries(21, 22, 4)));
      const again = await reopen(store);
      expect(again.storage(G1)?.initialState()).toEqual({ hardState: hardState(4, 2, 20), confState: { ...THREE_VOTERS, voters: [1] } });
      expect([again.storage(G1)?.firstIndex(), again.storage(G1)?.lastIndex()]).toEqual([21, 22]);
      await again.close();
    });

    test('a removed group is gone and may begin anew', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      await store.reset(G2, ZERO);
      await appended(store, G1, write(entries(1, 5, 1), hardState(5, 1, 5)));
      await store.remove(G1);
      const { store: again, recovery } = await (store.close(), harness.open());
      expect(recovery.groups).toEqual([G2]);
      await again.reset(G1, { at: id(9, 2), confState: THREE_VOTERS });
      expect(again.storage(G1)?.initialState().hardState).toEqual(hardState(2, undefined, 9));
      await again.close();
    });

    test('its position rises with what is durable, from 0 in a new log, and goes on from there after a restart', async () => {
      const { store } = await harness.open();
      expect(store.position()).toBe(0);
      await store.reset(G1, ZERO);
      const afterReset = store.position();
      expect(afterReset).toBeGreaterThan(0);
      const done = appended(store, G1, write(entries(1, 3, 2), hardState(2, 1, 1)));
      expect(store.position()).toBe(afterReset);
      await done;
      const told = store.position();
      expect(told).toBeGreaterThan(afterReset);
      const again = await reopen(store);
      expect(again.position()).toBeGreaterThanOrEqual(told);
      await appended(again, G1, write(entries(4, 4, 2)));
      expect(again.position()).toBeGreaterThan(told);
      await again.close();
    });

    test('a gap is refused as a broken invariant', async () => {
      const { store } = await harness.open();
      await store.reset(G1, ZERO);
      expect(() => store.append(G1, write(entries(2, 2, 1)), () => undefined)).toThrow('an append leaves no gap');
    });

    test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
      'seed %i: after power failures everything acknowledged is there, and nothing out of order',
      async (seed) => {
        await new RandomHistory(harness, seed).run(8, 40);
      },
    );
  });
}

/** Random operations on a few groups; after each crash the store must show the state after some operation not older than the last acknowledged. */
class RandomHistory {
  private readonly random: SeededRandom;
  private readonly groups: readonly BucketId[] = [1, 2, 3].map((number) => bucketId(number));

  constructor(
    private readonly harness: LogStoreHarness,
    private readonly seed: number,
  ) {
    this.random = new SeededRandom(seed);
  }

  async run(lives: number, operations: number): Promise<void> {
    let { store } = await this.harness.open();
    for (let life = 0; life < lives; life += 1) {
      const states = [dump(store, this.groups)];
      let told = store.position();
      let acknowledged = 0;
      for (let i = 1; i <= operations; i += 1) {
        this.operate(store, () => (acknowledged = Math.max(acknowledged, i)));
        states.push(dump(store, this.groups));
        told = this.rising(told, store.position(), life);
        if (this.random.chance(0.3)) await new Promise<void>((resolve) => setImmediate(resolve));
      }
      const survivors = states.slice(acknowledged);
      this.harness.crash();
      store = (await this.harness.open()).store;
      this.rising(told, store.position(), life);
      const found = JSON.stringify(dump(store, this.groups));
      const possible = survivors.map((state) => JSON.stringify(state));
      if (!possible.includes(found)) throw new Error(`seed ${this.seed}, life ${life}: recovered ${found}, expected one of ${possible.join('\n')}`);
    }
    await store.close();
  }

  private rising(told: number, position: number, life: number): number {
    if (position < told) throw new Error(`seed ${this.seed}, life ${life}: position ${position} after ${told} was told`);
    return position;
  }

  private operate(store: LogStore, acknowledged: () => void): void {
    const group = this.groups[this.random.below(this.groups.length)] ?? G1;
    const storage = store.storage(group);
    const kind = this.random.below(20);
    if (storage === undefined || kind === 0)
      return void store.reset(group, { at: id((storage?.lastIndex() ?? 0) + this.random.below(3), 1), confState: THREE_VOTERS }).then(acknowledged);
    if (kind === 1) return void store.remove(group).then(acknowledged);
    const first = storage.firstIndex();
    const last = storage.lastIndex();
    const { hardState: old } = storage.initialState();
    if (kind < 5 && last >= first) {
      const upTo = logIndex(first + this.random.below(last - first + 1));
      return store.compact(group, id(upTo, storage.term(upTo) ?? 0));
    }
    if (kind < 7) return store.append(group, { hardState: { ...old, commit: last }, entries: [], mustSync: false }, () => undefined);
    const from = Math.max(old.commit + 1, last + 1 - this.random.below(3));
    const count = this.random.below(6) + 1;
    store.append(group, write(entries(from, from + count - 1, old.term + 1), hardState(old.term + 1, this.random.below(3) + 1, old.commit)), acknowledged);
  }
}
