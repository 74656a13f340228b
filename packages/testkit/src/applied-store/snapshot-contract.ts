/** A snapshot is the bucket at one index, whatever is written meanwhile; an installed one counts as a whole or not at all. */
import type { AccountRow } from '@mas/ledger';
import type { SnapshotChunk } from '@mas/resource-manager';
import { accountNumber, InvariantViolation, slot } from '@mas/values';
import { account, batch, CONF_STATE, key, leg, lock, manyRows, meta, outcome, position, removed } from './contract-rows';
import { sorted } from './rows-contract';
import { allChunks, rowsOfKind, type ContractContext } from './store-under-test';

const ABC = { accounts: [accountNumber('abc')], legs: [], outcomes: [] };

export function snapshotContract(context: ContractContext): void {
  test('a snapshot holds every row once, in chunks of one kind, with its position', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(1_250);
    await store.checkpoint(batch(bucket, { ...rows, locks: [lock('abc')] }));
    const reader = await store.readSnapshot();
    expect(reader.checkpoint).toEqual({ applied: position(10), confState: CONF_STATE, meta: meta(bucket), blob: null });
    const chunks = await allChunks(reader);
    await reader.close();
    expect(Math.max(...chunks.map((chunk) => chunk.rows.length))).toBeLessThanOrEqual(1_000);
    expect(sorted(rowsOfKind(chunks, 'accounts'))).toEqual(sorted(rows.accounts));
    expect(sorted(rowsOfKind(chunks, 'legs'))).toEqual(sorted(rows.legs));
    expect(sorted(rowsOfKind(chunks, 'outcomes'))).toEqual(sorted(rows.outcomes));
    expect(rowsOfKind(chunks, 'locks')).toEqual([lock('abc')]);
  });

  test('a read begins when it is told to: what was written until then is in it; where that fails there is none', async () => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(batch(bucket, { accounts: [account('abc')] }));
    const later = batch(bucket, { previous: position(10), applied: position(11), accounts: [account('abc', { balanceMinor: 7n })] });
    const reader = await store.readSnapshot(() => store.checkpoint(later));
    expect(reader.checkpoint.applied).toEqual(position(11));
    expect(rowsOfKind(await allChunks(reader), 'accounts')).toEqual([account('abc', { balanceMinor: 7n })]);
    await reader.close();
    for (let time = 0; time < 5; time += 1) await expect(store.readSnapshot(() => Promise.reject(new Error('not now')))).rejects.toThrow('not now');
    await (await store.readSnapshot()).close();
  });

  test('checkpoints between its chunks do not show: changed, new and removed rows, before and behind the reader', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(1_250);
    const locks = [lock('abc'), lock('zzz')];
    await store.checkpoint(batch(bucket, { ...rows, locks }));
    const reader = await store.readSnapshot();
    const chunks: SnapshotChunk[] = [];
    let index = 10;
    for await (const chunk of reader.chunks()) {
      chunks.push(chunk);
      index += 1;
      const changed = rows.accounts.map((row) => ({ ...row, balanceMinor: row.balanceMinor + BigInt(index), rev: index }));
      const more = manyRows(300, `new-${index}`);
      await store.checkpoint(
        batch(bucket, {
          previous: position(index - 1),
          applied: position(index),
          accounts: [...changed, ...more.accounts],
          legs: [...rows.legs.map((row) => ({ ...row, endedAtMs: index })), ...more.legs],
          outcomes: more.outcomes,
          locks: [lock('abc', { token: index }), lock(`new-${index}`)],
          removedLocks: [removed('zzz')],
        }),
      );
    }
    await reader.close();
    expect(index).toBeGreaterThan(13);
    expect(sorted(rowsOfKind(chunks, 'accounts'))).toEqual(sorted(rows.accounts));
    expect(sorted(rowsOfKind(chunks, 'legs'))).toEqual(sorted(rows.legs));
    expect(sorted(rowsOfKind(chunks, 'outcomes'))).toEqual(sorted(rows.outcomes));
    expect(sorted(rowsOfKind(chunks, 'locks'))).toEqual(sorted(locks));
    const fresh = await store.readSnapshot();
    expect(fresh.checkpoint.applied).toEqual(position(index));
    expect(rowsOfKind(await allChunks(fresh), 'accounts')).toHaveLength(1_250 + 300 * (index - 10));
    await fresh.close();
  });

  test('slots that are dropped between its chunks are in it as they were', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(1_250);
    const legs = rows.accounts.map(({ number }) => leg(number, 7));
    await store.checkpoint(batch(bucket, { accounts: rows.accounts, legs, locks: [lock('abc')] }));
    const reader = await store.readSnapshot();
    const chunks: SnapshotChunk[] = [];
    for await (const chunk of reader.chunks()) {
      chunks.push(chunk);
      const index = 10 + chunks.length;
      const droppedSlots = chunks.length === 1 ? [{ from: slot(0), to: slot(2_999) }] : [{ from: slot(2_000), to: slot(4_095) }];
      const accounts = rows.accounts.filter(({ slot: of }) => of === 2_500).map((row) => ({ ...row, rev: index }));
      await store.checkpoint(batch(bucket, { previous: position(index - 1), applied: position(index), droppedSlots, accounts }));
    }
    await reader.close();
    expect(sorted(rowsOfKind(chunks, 'accounts'))).toEqual(sorted(rows.accounts));
    expect(sorted(rowsOfKind(chunks, 'legs'))).toEqual(sorted(legs));
    expect(rowsOfKind(chunks, 'locks')).toEqual([lock('abc')]);
    const after = await store.readSnapshot();
    expect(rowsOfKind(await allChunks(after), 'legs')).toEqual([]);
    await after.close();
  });

  test('two kinds are read side by side, each in the order of its key, while checkpoints go on', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(1_250);
    const legs = rows.accounts.flatMap(({ number }) => [leg(number, 7), leg(number, 5)]);
    await store.checkpoint(batch(bucket, { ...rows, legs }));
    const reader = await store.readSnapshot();
    const found: SnapshotChunk[] = [];
    const sources = [reader.chunks(['accounts']), reader.chunks(['legs'])].map((chunks) => chunks[Symbol.asyncIterator]());
    for (let index = 11, open = sources; open.length > 0; index += 1) {
      const next = await Promise.all(open.map((source) => source.next()));
      for (const each of next) if (each.done !== true) found.push(each.value);
      open = open.filter((_, at) => next[at]?.done !== true);
      await store.checkpoint(
        batch(bucket, { previous: position(index - 1), applied: position(index), accounts: rows.accounts.slice(-300), legs: legs.slice(-300) }),
      );
    }
    await reader.close();
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['accounts', 'legs']));
    const numbers = rowsOfKind(found, 'accounts').map(({ slot, number }) => [slot, number].join(' '));
    expect(numbers).toEqual([...rows.accounts].sort(bySlotAndNumber).map(({ slot, number }) => [slot, number].join(' ')));
    const seqs = rowsOfKind(found, 'legs').map(({ slot, account: number, seq }) => [slot, number, seq].join(' '));
    expect(seqs).toEqual([...rows.accounts].sort(bySlotAndNumber).flatMap(({ slot, number }) => [5, 7].map((seq) => [slot, number, seq].join(' '))));
  });

  test('only what may have changed since: legs promised and outcomes decided then or later, what is pinned, and all accounts', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(300);
    const legs = rows.accounts.flatMap(({ number }, at) => [
      leg(number, 5, { preparedAtMs: 1_000 }),
      leg(number, 7, { preparedAtMs: at % 10 === 0 ? 2_000 : 1_999 }),
      leg(number, 9, { preparedAtMs: 1_000, state: at % 50 === 1 ? 'prepared' : 'aborted' }),
    ]);
    const outcomes = rows.accounts.map(({ number }, at) =>
      outcome(key(number, `o${at}`), { decision: { kind: 'committed', atMs: at % 30 === 0 ? 2_000 : 1_999, commitUs: null } }),
    );
    await store.checkpoint(batch(bucket, { accounts: rows.accounts, legs, outcomes }));
    const reader = await store.readSnapshot();
    const found: SnapshotChunk[] = [];
    for await (const chunk of reader.chunks(['accounts', 'legs', 'outcomes'], 2_000)) {
      found.push(chunk);
      // What is written meanwhile is not seen.
      if (found.length === 1)
        await store.checkpoint(
          batch(bucket, { previous: position(10), applied: position(11), legs: legs.slice(0, 300).map((row) => ({ ...row, preparedAtMs: 3_000 })) }),
        );
    }
    await reader.close();
    const wanted = legs.filter(({ preparedAtMs, state }) => preparedAtMs >= 2_000 || state === 'prepared');
    const name = (row: { readonly account: string; readonly seq: number }): string => `${row.account} ${row.seq}`;
    // A row that has changed meanwhile may come as it was, wanted or not.
    const seen = rowsOfKind(found, 'legs');
    expect(
      seen
        .filter(({ preparedAtMs, state }) => preparedAtMs >= 2_000 || state === 'prepared')
        .map(name)
        .sort(),
    ).toEqual(wanted.map(name).sort());
    expect(new Set(seen.map(name)).size).toBe(seen.length);
    expect(seen.some(({ preparedAtMs }) => preparedAtMs === 3_000)).toBe(false);
    expect(rowsOfKind(found, 'outcomes')).toHaveLength(10);
    expect(rowsOfKind(found, 'accounts')).toHaveLength(300);
  });

  test('a reader may stop early, and an ended one says so', async () => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(batch(bucket, manyRows(1_250)));
    const reader = await store.readSnapshot();
    for await (const chunk of reader.chunks()) {
      expect(chunk.rows.length).toBeGreaterThan(0);
      break;
    }
    await reader.close();
    await reader.close();
    await expect(allChunks(reader)).rejects.toMatchObject({ kind: 'store-unavailable' });
    await store.checkpoint(batch(bucket, { previous: position(10), applied: position(11) }));
  });

  test('an installed snapshot replaces everything, with its index, at once', async () => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(batch(bucket, { accounts: [account('abc'), account('old')], legs: [leg('abc', 5)], locks: [lock('abc')] }));
    const snapshot = { applied: position(70, 4), confState: CONF_STATE, meta: meta(bucket, { rev: 70 }), blob: Buffer.from('state') };
    const install = await store.beginInstall(snapshot);
    const rows = { accounts: [account('abc', { balanceMinor: 70n })], legs: [leg('def', 6)], outcomes: [outcome(key('abc', 'x'))], locks: [lock('zzz')] };
    await install.write({ kind: 'accounts', rows: rows.accounts });
    await install.write({ kind: 'legs', rows: rows.legs });
    await install.write({ kind: 'outcomes', rows: rows.outcomes });
    await install.write({ kind: 'locks', rows: rows.locks });
    expect((await store.load(ABC)).accounts).toEqual([account('abc')]);
    await install.finish();
    const reader = await store.readSnapshot();
    const chunks = await allChunks(reader);
    await reader.close();
    expect(reader.checkpoint).toEqual(snapshot);
    expect(rowsOfKind(chunks, 'accounts')).toEqual(rows.accounts);
    expect(rowsOfKind(chunks, 'legs')).toEqual(rows.legs);
    expect(rowsOfKind(chunks, 'outcomes')).toEqual(rows.outcomes);
    expect(rowsOfKind(chunks, 'locks')).toEqual(rows.locks);
    await store.checkpoint(batch(bucket, { previous: position(70, 4), applied: position(71, 4), accounts: [account('abc', { balanceMinor: 71n })] }));
    await context.reopen();
    const again = await context.open(bucket);
    expect(again.checkpoint.applied).toEqual(position(71, 4));
    expect(await again.store.listAccounts(null, 10)).toEqual([account('abc', { balanceMinor: 71n })]);
  });

  test('an install that was abandoned, or cut off by a crash, never happened', async () => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(batch(bucket, { accounts: [account('abc')] }));
    const snapshot = { applied: position(70), confState: CONF_STATE, meta: meta(bucket), blob: null };
    const abandoned = await store.beginInstall(snapshot);
    await abandoned.write({ kind: 'accounts', rows: [account('abc', { balanceMinor: 70n })] });
    await abandoned.abandon();
    const cutOff = await store.beginInstall(snapshot);
    await cutOff.write({ kind: 'accounts', rows: [account('def')] });
    await context.reopen();
    const again = await context.open(bucket);
    expect(again.checkpoint.applied).toEqual(position(10));
    expect(await again.store.listAccounts(null, 10)).toEqual([account('abc')]);
    const second = await again.store.beginInstall(snapshot);
    await second.write({ kind: 'accounts', rows: [account('ghi')] });
    await second.finish();
    expect(await again.store.listAccounts(null, 10)).toEqual([account('ghi')]);
  });

  test('a snapshot that was opened before an install still gives the old rows', async () => {
    const { bucket, store } = await context.openNew();
    const rows = manyRows(1_250);
    await store.checkpoint(batch(bucket, rows));
    const reader = await store.readSnapshot();
    const install = await store.beginInstall({ applied: position(70), confState: CONF_STATE, meta: meta(bucket), blob: null });
    await install.finish();
    expect(sorted(rowsOfKind(await allChunks(reader), 'accounts'))).toEqual(sorted(rows.accounts));
    await reader.close();
    expect(await store.listAccounts(null, 10)).toEqual([]);
  });

  test('a snapshot never takes a bucket back', async () => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(batch(bucket, { accounts: [account('abc')] }));
    const install = await store.beginInstall({ applied: position(9), confState: CONF_STATE, meta: meta(bucket), blob: null });
    await expect(install.finish()).rejects.toThrow(InvariantViolation);
    await install.abandon();
    expect((await store.load(ABC)).accounts).toEqual([account('abc')]);
  });
}

function bySlotAndNumber(a: AccountRow, b: AccountRow): number {
  return a.slot - b.slot || Buffer.compare(Buffer.from(a.number), Buffer.from(b.number));
}
