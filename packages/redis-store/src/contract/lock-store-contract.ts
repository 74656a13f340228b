/** What every LockStore must do, run on the table in memory and on a real Redis. */
import type { LockMode, LockStore } from '@mas/global-lock';
import { waitUntil } from '@mas/test-servers';

export interface LockStoreHarness {
  /** Two processes' view of one table, which is empty. */
  readonly store: LockStore;
  readonly other: LockStore;
  empty(): Promise<void>;
  dispose(): Promise<void>;
}

const LONG_MS = 3_600_000;
/** A missed message costs more than a test may take. */
const WAKE_TIMEOUT_MS = 3_600_000;

export function lockStoreContract(name: string, create: () => Promise<LockStoreHarness>): void {
  describe(`LockStore contract: ${name}`, () => {
    let harness: LockStoreHarness;
    let store: LockStore;
    beforeEach(async () => {
      harness = await create();
      store = harness.store;
    });
    afterEach(() => harness.dispose());

    const take = (lockIds: readonly string[], owner: string, mode: LockMode = 'exclusive', timeoutMs = LONG_MS): ReturnType<LockStore['tryAcquire']> =>
      harness.other.tryAcquire({ lockIds, mode, owner, timeoutMs });

    test.each<[LockMode, LockMode, 'acquired' | 'held']>([
      ['exclusive', 'exclusive', 'held'],
      ['exclusive', 'shared', 'held'],
      ['shared', 'exclusive', 'held'],
      ['shared', 'shared', 'acquired'],
    ])('while one holds it %s, another who wants it %s: %s', async (held, wanted, expected) => {
      expect(await take(['a'], 'first', held)).toEqual({ kind: 'acquired' });
      const attempt = await store.tryAcquire({ lockIds: ['a'], mode: wanted, owner: 'second', timeoutMs: LONG_MS });
      expect(attempt.kind).toBe(expected);
      if (attempt.kind === 'held') {
        expect(attempt.by).toMatchObject({ lockId: 'a', mode: held, owners: ['first'], token: null });
        expect(attempt.by.remainingMs).toBeGreaterThan(LONG_MS / 2);
        expect(attempt.by.remainingMs).toBeLessThanOrEqual(LONG_MS);
      }
    });

    test('all or none: a request that meets one held id takes nothing', async () => {
      await take(['b'], 'first');
      expect(await store.tryAcquire({ lockIds: ['a', 'b', 'c'], mode: 'exclusive', owner: 'second', timeoutMs: LONG_MS })).toMatchObject({
        kind: 'held',
        by: { lockId: 'b' },
      });
      expect([await store.holder('a'), await store.holder('c')]).toEqual([null, null]);
    });

    test('only the owner releases and refreshes', async () => {
      await take(['a', 'b'], 'owner');
      expect(await store.release(['a'], 'thief')).toEqual({ notHeld: ['a'] });
      expect(await store.refresh(['a', 'b', 'c'], 'thief', LONG_MS)).toEqual({ lost: ['a', 'b', 'c'] });
      expect(await store.refresh(['a', 'b', 'c'], 'owner', 2 * LONG_MS)).toEqual({ lost: ['c'] });
      expect((await store.holder('a'))?.remainingMs).toBeGreaterThan(LONG_MS);
      expect(await store.release(['a', 'c'], 'owner')).toEqual({ notHeld: ['c'] });
      expect([await store.holder('a'), (await store.holder('b'))?.owners]).toEqual([null, ['owner']]);
    });

    test('one of several shared owners goes, the others stay', async () => {
      await take(['a'], 'one', 'shared');
      await take(['a'], 'two', 'shared');
      await store.release(['a'], 'one');
      expect(await store.holder('a')).toMatchObject({ mode: 'shared', owners: ['two'] });
      expect(await take(['a'], 'two', 'exclusive')).toEqual({ kind: 'acquired' });
      expect(await store.exclusiveAmong(['a'])).toEqual(['a']);
    });

    test('an expired holder does not count and cannot refresh', async () => {
      await take(['a'], 'brief', 'exclusive', 30);
      await waitUntil('the lock has expired', async () => (await store.holder('a')) === null);
      expect(await store.exclusiveAmong(['a'])).toEqual([]);
      expect(await store.refresh(['a'], 'brief', LONG_MS)).toEqual({ lost: ['a'] });
      expect(await take(['a'], 'next')).toEqual({ kind: 'acquired' });
    });

    test('one shared owner expires while another stays', async () => {
      await take(['a'], 'brief', 'shared', 30);
      await take(['a'], 'long', 'shared');
      await waitUntil('one owner is left', async () => (await store.holder('a'))?.owners.join() === 'long');
    });

    test('acquiring again refreshes', async () => {
      await take(['a'], 'owner', 'exclusive', 1000);
      expect(await take(['a'], 'owner', 'exclusive', LONG_MS)).toEqual({ kind: 'acquired' });
      expect((await store.holder('a'))?.remainingMs).toBeGreaterThan(LONG_MS / 2);
    });

    test('exclusiveAmong keeps the order asked for', async () => {
      await take(['a', 'c'], 'owner');
      await take(['b'], 'reader', 'shared');
      expect(await store.exclusiveAmong(['d', 'c', 'b', 'a'])).toEqual(['c', 'a']);
      expect(await store.exclusiveAmong([])).toEqual([]);
    });

    test('the fencing token is recorded for its owner only', async () => {
      await take(['a'], 'owner');
      await store.recordToken('a', 'thief', 99, LONG_MS);
      expect((await store.holder('a'))?.token).toBeNull();
      await store.recordToken('a', 'owner', Number.MAX_SAFE_INTEGER, 2 * LONG_MS);
      expect(await store.holder('a')).toMatchObject({ token: Number.MAX_SAFE_INTEGER });
      expect((await store.holder('a'))?.remainingMs).toBeGreaterThan(LONG_MS);
      await store.recordToken('nothing', 'owner', 1, LONG_MS);
      expect(await store.holder('nothing')).toBeNull();
    });

    test('republishing after the table was emptied puts locks back; the bucket wins over whoever slipped in, a newer token over the bucket', async () => {
      await take(['a'], 'owner');
      await harness.empty();
      expect(await store.holder('a')).toBeNull();
      await take(['a'], 'slipped-in');
      await take(['c'], 'newer');
      await store.recordToken('c', 'newer', 9, LONG_MS);
      await store.republish([
        { lockId: 'a', owner: 'owner', token: 7, remainingMs: LONG_MS },
        { lockId: 'b', owner: 'gone', token: 6, remainingMs: 0 },
        { lockId: 'c', owner: 'older', token: 8, remainingMs: LONG_MS },
      ]);
      expect(await store.holder('a')).toMatchObject({ mode: 'exclusive', owners: ['owner'], token: 7 });
      expect(await store.holder('b')).toBeNull();
      expect(await store.holder('c')).toMatchObject({ owners: ['newer'], token: 9 });
      expect(await store.exclusiveAmong(['a', 'b', 'c'])).toEqual(['a', 'c']);
      await store.republish([]);
    });

    test('who waits is counted until he says that he does not, or his time is over', async () => {
      await store.noteWaiting(['a', 'b'], 'first', LONG_MS);
      await harness.other.noteWaiting(['a'], 'second', LONG_MS);
      await store.noteWaiting(['a'], 'first', LONG_MS);
      await store.noteWaiting(['a'], 'brief', 20);
      await waitUntil('the brief one has gone', async () => (await store.waiting('a')) === 2);
      await harness.other.noteWaiting(['a', 'b'], 'first', 0);
      expect([await store.waiting('a'), await store.waiting('b'), await store.waiting('nothing')]).toEqual([1, 0, 0]);
    });

    test('an evicted lock is free, and who waits for it is woken', async () => {
      await take(['a'], 'owner');
      const waiting = harness.other.waitForRelease(['a'], WAKE_TIMEOUT_MS);
      const startedMs = performance.now();
      await store.evict('a');
      await waiting;
      expect(performance.now() - startedMs).toBeLessThan(WAKE_TIMEOUT_MS / 2);
      expect([await store.holder('a'), await store.exclusiveAmong(['a'])]).toEqual([null, []]);
      await store.evict('nothing');
    });

    test('a release in another process wakes the waiter, before or after he begins to wait', async () => {
      await take(['a', 'b'], 'owner');
      const waiting = store.waitForRelease(['b', 'z'], WAKE_TIMEOUT_MS);
      await harness.other.release(['a', 'b'], 'owner');
      await waiting;
    });

    test('waiting ends after its time-out', async () => {
      await store.waitForRelease(['a'], 20);
    });

    test('fifty owners for one lock: exactly one has it', async () => {
      const attempts = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 === 0 ? store : harness.other).tryAcquire({ lockIds: ['a', 'b'], mode: 'exclusive', owner: `owner-${i}`, timeoutMs: LONG_MS }),
        ),
      );
      expect(attempts.filter((attempt) => attempt.kind === 'acquired')).toHaveLength(1);
    });
  });
}
