/** A checkpoint is all or nothing, follows on the one before, and belongs to one writer. */
import { WriterFenced } from '@mas/resource-manager';
import { accountNumber, InvariantViolation, slot } from '@mas/values';
import { account, batch, key, leg, lock, meta, movesOf, outcome, position, txn } from './contract-rows';
import type { ContractContext } from './store-under-test';

const ABC = { accounts: [accountNumber('abc')], legs: [], outcomes: [] };

export function checkpointContract(context: ContractContext): void {
  test('what was checkpointed survives the process, with its index', async () => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(batch(bucket, { accounts: [account('abc')] }));
    await store.checkpoint(
      batch(bucket, { previous: position(10), applied: position(25, 3), accounts: [account('abc', { balanceMinor: 7n })], meta: meta(bucket, { rev: 99 }) }),
    );
    await context.reopen();
    const again = await context.open(bucket);
    expect(again.checkpoint.applied).toEqual(position(25, 3));
    expect(again.checkpoint.meta?.rev).toBe(99);
    expect((await again.store.load(ABC)).accounts).toEqual([account('abc', { balanceMinor: 7n })]);
  });

  test('of slots that are dropped nothing stays but what comes with the drop; what the bucket keeps of moves survives the process', async () => {
    const { bucket, store } = await context.openNew();
    const [first, second] = [account('abc'), account('def')];
    const [ours, theirs] = [key('abc', 'x'), key('def', 'y')];
    const rows = {
      accounts: [first, second],
      legs: [leg('abc', 5, { state: 'prepared' }), leg('def', 6)],
      outcomes: [outcome(ours), outcome(theirs)],
      locks: [lock('abc'), lock('def')],
    };
    await store.checkpoint(batch(bucket, rows));
    const slots = { from: first.slot, to: first.slot };
    const moves = movesOf(slots);
    const newer = account('abc', { balanceMinor: 7n });
    await store.checkpoint(
      batch(bucket, { previous: position(10), applied: position(11), meta: meta(bucket, { moves }), droppedSlots: [slots], accounts: [newer] }),
    );
    await context.reopen();
    const again = await context.open(bucket);
    expect(again.checkpoint.meta?.moves).toEqual(moves);
    const seqRanges = [{ from: 0, to: 10 }];
    const legs = ['abc', 'def'].map((number, at) => ({ account: accountNumber(number), txn: txn(5 + at), seqRanges }));
    const found = await again.store.load({ accounts: [first.number, second.number], legs, outcomes: [ours, theirs] });
    expect(found.accounts).toHaveLength(2);
    expect(found.accounts).toEqual(expect.arrayContaining([newer, second]));
    expect(found.legs).toEqual([leg('def', 6)]);
    expect(found.outcomes).toEqual(rows.outcomes.filter(({ slot: of }) => of !== first.slot));
    expect((await again.store.loadPinned()).prepared).toEqual([]);
    expect((await again.store.loadPinned()).locks).toEqual([lock('def')]);
  });

  test('the state of a group without accounts stays until it is replaced', async () => {
    const { bucket, store } = await context.openNew();
    const blob = Uint8Array.from([0, 39, 92, 128, 255, ...Buffer.alloc(300_000, 'é\0')]);
    const stored = async (): Promise<Uint8Array | null | undefined> => (await context.open(bucket)).checkpoint.blob;
    await store.checkpoint(batch(bucket, { blob }));
    await context.reopen();
    const second = await context.open(bucket);
    expect(Buffer.from(second.checkpoint.blob ?? []).equals(blob)).toBe(true);
    await second.store.checkpoint(batch(bucket, { previous: position(10), applied: position(11) }));
    const third = await context.open(bucket);
    expect(Buffer.from(third.checkpoint.blob ?? []).equals(blob)).toBe(true);
    await third.store.checkpoint(batch(bucket, { previous: position(11), applied: position(12), blob: Uint8Array.from([7]) }));
    expect([...((await stored()) ?? [])]).toEqual([7]);
    const { store: last } = await context.open(bucket);
    await last.checkpoint(batch(bucket, { previous: position(12), applied: position(13), blob: null }));
    expect(await stored()).toBeNull();
  });

  test('the same checkpoint again does nothing: its COMMIT may have had no answer', async () => {
    const { bucket, store } = await context.openNew();
    const first = batch(bucket, { accounts: [account('abc')] });
    await store.checkpoint(first);
    await store.checkpoint(first);
    await store.checkpoint(batch(bucket, { previous: position(10), applied: position(11), accounts: [account('abc', { balanceMinor: 7n })] }));
    expect((await store.load(ABC)).accounts).toEqual([account('abc', { balanceMinor: 7n })]);
  });

  test.each([
    ['skips a part of the log', position(12), position(15)],
    ['follows on another term', position(10, 2), position(11, 2)],
    ['goes back', position(5), position(8)],
  ])('a checkpoint that %s is refused and leaves no trace', async (_, previous, applied) => {
    const { bucket, store } = await context.openNew();
    await store.checkpoint(batch(bucket, { accounts: [account('abc')] }));
    const wrong = batch(bucket, { previous, applied, accounts: [account('abc', { balanceMinor: 7n })], legs: [leg('abc', 5)] });
    await expect(store.checkpoint(wrong)).rejects.toThrow(InvariantViolation);
    expect((await store.load(ABC)).accounts).toEqual([account('abc')]);
    expect((await context.open(bucket)).checkpoint.applied).toEqual(position(10));
  });

  test('a row in the wrong slot is refused with its whole batch: reads would not find it', async () => {
    const { bucket, store } = await context.openNew();
    const elsewhere = slot((account('zzz').slot + 1) % 4096);
    for (const wrong of [
      { accounts: [account('abc'), account('zzz', { slot: elsewhere })] },
      { accounts: [account('abc')], legs: [leg('zzz', 5, { slot: elsewhere })] },
      { accounts: [account('abc')], outcomes: [outcome(key('zzz', 'x'), { slot: elsewhere })] },
    ]) {
      await expect(store.checkpoint(batch(bucket, wrong))).rejects.toThrow(InvariantViolation);
    }
    expect((await store.load(ABC)).accounts).toEqual([]);
    expect((await context.open(bucket)).checkpoint.applied).toEqual(position(0, 0));
  });

  test('whoever opens a bucket fences its predecessor, in everything', async () => {
    const { bucket, store: old } = await context.openNew();
    await old.checkpoint(batch(bucket, { accounts: [account('abc')] }));
    const install = await old.beginInstall({ applied: position(50), confState: null, meta: null, blob: null });
    const { store: current } = await context.open(bucket);
    const late = batch(bucket, { previous: position(10), applied: position(11), accounts: [account('abc', { balanceMinor: 7n })] });
    await expect(old.checkpoint(late)).rejects.toThrow(WriterFenced);
    await expect(old.load(ABC)).rejects.toThrow(WriterFenced);
    await expect(old.readSnapshot()).rejects.toThrow(WriterFenced);
    await expect(old.beginInstall({ applied: position(60), confState: null, meta: null, blob: null })).rejects.toThrow(WriterFenced);
    await expect(install.finish()).rejects.toThrow(WriterFenced);
    expect((await current.load(ABC)).accounts).toEqual([account('abc')]);
    await current.checkpoint(late);
    expect((await current.load(ABC)).accounts).toEqual([account('abc', { balanceMinor: 7n })]);
  });

  test('a dropped bucket is gone, its writer is fenced, its neighbours stay; opened again it is empty', async () => {
    const [dropped, neighbour] = [await context.openNew(), await context.openNew()];
    const rows = { accounts: [account('abc')], legs: [leg('abc', 5)], outcomes: [outcome(key('abc', 'x'))], locks: [lock('abc')] };
    await dropped.store.checkpoint(batch(dropped.bucket, rows));
    await neighbour.store.checkpoint(batch(neighbour.bucket, rows));
    await context.store.dropBucket(dropped.bucket);
    await context.store.dropBucket(dropped.bucket);
    expect(await context.store.buckets()).not.toContain(dropped.bucket);
    expect(await context.store.buckets()).toContain(neighbour.bucket);
    await expect(dropped.store.checkpoint(batch(dropped.bucket))).rejects.toThrow(WriterFenced);
    const again = await context.open(dropped.bucket);
    expect(again.checkpoint).toEqual({ applied: { index: 0, term: 0 }, confState: null, meta: null, blob: null });
    expect(await again.store.listAccounts(null, 10)).toEqual([]);
    expect((await again.store.loadPinned()).locks).toEqual([]);
    await expect(dropped.store.checkpoint(batch(dropped.bucket))).rejects.toThrow(WriterFenced);
    expect((await neighbour.store.load(ABC)).accounts).toEqual([account('abc')]);
  });

  test('a closed bucket store refuses; dropping an unknown bucket is nothing', async () => {
    const { store } = await context.openNew();
    await store.close();
    await expect(store.load(ABC)).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown: false });
    await context.store.dropBucket(context.newBucket());
  });
}
