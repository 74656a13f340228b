/** What a replica reads when it starts (identities, pinned rows), and the lists that clients see. */
import { accountNumber } from '@mas/values';
import type { StoredLegQuery } from '@mas/resource-manager';
import { account, batch, key, leg, lock, manyRows, outcome, position, removed, txn, USD } from './contract-rows';
import { sorted } from './rows-contract';
import type { ContractContext } from './store-under-test';

export function startAndListsContract(context: ContractContext): void {
  test('every identity is visited once, in chunks', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(200);
    const hot = Array.from({ length: 5_200 }, (_, n) => leg('hot', 4_096 * (n + 1)));
    await store.checkpoint(batch(bucket, { ...rows, legs: [...rows.legs, ...hot] }));
    const legs: string[] = [];
    const outcomes: string[] = [];
    await store.scanIdentities((chunk) => {
      legs.push(...chunk.legs.map((found) => `${found.account} ${found.seq} ${found.txn}`));
      outcomes.push(...chunk.outcomes);
    });
    expect(legs.sort()).toEqual([...rows.legs, ...hot].map((row) => `${row.account} ${row.seq} ${row.txn}`).sort());
    expect(outcomes.sort()).toEqual(rows.outcomes.map((row) => row.key).sort());
  });

  test('pinned rows: prepared legs, open authorizations, undelivered outcomes, locks; nothing else', async () => {
    const { bucket, store } = await context.openNew();
    const spec = { account: accountNumber('def'), effect: 'authorize' as const, amountMinor: 9n, currency: USD };
    const held = (status: 'open' | 'capturing' | 'captured' | 'voided' | 'expired', seq: number) =>
      leg('def', seq, { spec, reservation: { status, expiresAtMs: 9, reservedMinor: 1n, consumedBy: null } });
    const prepared = [
      leg('abc', 1, { state: 'prepared', endedAtMs: null, journal: null }),
      leg('zzz', 3, { state: 'prepared', endedAtMs: null, journal: null }),
    ];
    const open = [held('open', 4), held('capturing', 5)];
    const ended = [leg('abc', 2), leg('abc', 9, { state: 'aborted', journal: null }), held('captured', 6), held('voided', 7), held('expired', 8)];
    const undelivered = [outcome(key('abc', 'a'), { untold: [{ account: accountNumber('def') }] })];
    const locks = [lock('abc'), lock('zzz', { token: 2 })];
    await store.checkpoint(batch(bucket, { legs: [...prepared, ...open, ...ended], outcomes: [...undelivered, outcome(key('abc', 'b'))], locks }));
    const pinned = await store.loadPinned();
    expect(sorted(pinned.prepared)).toEqual(sorted(prepared));
    expect(sorted(pinned.openAuthorizations)).toEqual(sorted(open));
    expect(pinned.undelivered).toEqual(undelivered);
    expect(sorted(pinned.locks)).toEqual(sorted(locks));

    const told = outcome(key('abc', 'a'));
    await store.checkpoint(
      batch(bucket, {
        previous: position(10),
        applied: position(11),
        legs: [leg('abc', 1)],
        outcomes: [told],
        removedLocks: [removed('abc'), removed('never-was')],
      }),
    );
    const later = await store.loadPinned();
    expect(later.prepared.map((row) => row.account)).toEqual(['zzz']);
    expect(later.undelivered).toEqual([]);
    expect(later.locks).toEqual([lock('zzz', { token: 2 })]);
  });

  test('legs of an account: both directions, cursor, limit, state and time', async () => {
    const { bucket, store } = await context.openNew();
    const states = ['committed', 'aborted', 'prepared'] as const;
    const legs = Array.from({ length: 9 }, (_, n) => leg('abc', n + 1, { txn: txn(n), state: states[n % 3] ?? 'committed', preparedAtMs: 100 + n }));
    await store.checkpoint(batch(bucket, { legs: [...legs, leg('abd', 4), leg('ab', 5)] }));
    const list = async (query: Partial<StoredLegQuery>): Promise<readonly number[]> => {
      const all: StoredLegQuery = {
        account: accountNumber('abc'),
        direction: 'newest-first',
        cursorSeq: null,
        limit: 100,
        state: null,
        fromMs: null,
        untilMs: null,
      };
      return (await store.listLegs({ ...all, ...query })).map((row) => row.seq);
    };
    expect(await list({})).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await list({ direction: 'oldest-first', limit: 3 })).toEqual([1, 2, 3]);
    expect(await list({ direction: 'oldest-first', cursorSeq: 3, limit: 2 })).toEqual([4, 5]);
    expect(await list({ cursorSeq: 4, limit: 2 })).toEqual([3, 2]);
    expect(await list({ state: 'aborted' })).toEqual([8, 5, 2]);
    expect(await list({ fromMs: 103, untilMs: 106 })).toEqual([6, 5, 4]);
    expect(await list({ account: accountNumber('nobody') })).toEqual([]);
    expect(
      (
        await store.listLegs({ account: accountNumber('abc'), direction: 'oldest-first', cursorSeq: null, limit: 1, state: null, fromMs: null, untilMs: null })
      )[0],
    ).toEqual(legs[0]);
  });

  test('accounts in pages: by slot, then by number, each exactly once', async () => {
    const { bucket, store } = await context.openNew();
    const accounts = Array.from({ length: 57 }, (_, n) => account(`page-${n}`));
    await store.checkpoint(batch(bucket, { accounts }));
    const seen: (typeof accounts)[number][] = [];
    for (;;) {
      const last = seen.at(-1);
      const page = await store.listAccounts(last === undefined ? null : { slot: last.slot, number: last.number }, 10);
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(10);
      seen.push(...page);
    }
    expect(seen).toEqual([...accounts].sort((a, b) => a.slot - b.slot || (a.number < b.number ? -1 : 1)));
  });
}
