/** The memory store passes the port's contract, and its faults do what simulations rely on. */
import { StoreUnavailable } from '@mas/resource-manager';
import { accountNumber, bucketId } from '@mas/values';
import { appliedStoreContract } from './applied-store-contract';
import { account, batch, position } from './contract-rows';
import { MemoryAppliedStore, type StoreFault } from './memory-store';

describe('contract', () => {
  appliedStoreContract(() => {
    let store = new MemoryAppliedStore();
    const reopen = (): Promise<MemoryAppliedStore> => {
      store.crash();
      store = new MemoryAppliedStore(store.tables);
      return Promise.resolve(store);
    };
    return Promise.resolve({ store, reopen, end: () => store.close() });
  });
});

describe('faults', () => {
  const B = bucketId(1);
  const ABC = { accounts: [accountNumber('abc')], legs: [], outcomes: [] };

  test.each<[StoreFault, boolean, number]>([
    ['unavailable', false, 0],
    ['commit-lost', true, 0],
    ['answer-lost', true, 10],
  ])('checkpoint with fault %s: effect unknown %s, applied %s; the same batch again settles it', async (fault, effectUnknown, applied) => {
    let next: StoreFault = 'none';
    const owner = new MemoryAppliedStore(undefined, (operation) => (operation === 'checkpoint' ? next : 'none'));
    const { store } = await owner.openBucket(B);
    next = fault;
    await expect(store.checkpoint(batch(B, { accounts: [account('abc')] }))).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown });
    expect(owner.tables.bucket(B).checkpoint.applied.index).toBe(applied);
    next = 'none';
    await store.checkpoint(batch(B, { accounts: [account('abc')] }));
    expect((await store.load(ABC)).accounts).toEqual([account('abc')]);
    expect(owner.tables.bucket(B).checkpoint.applied).toEqual(position(10));
  });

  test('a crash while a checkpoint is under way: it has no effect, and the dead store stays dead', async () => {
    let proceed: () => void = () => undefined;
    const gate = new Promise<StoreFault>((resolve) => (proceed = () => resolve('none')));
    const owner = new MemoryAppliedStore(undefined, (operation) => (operation === 'checkpoint' ? gate : 'none'));
    const { store } = await owner.openBucket(B);
    const underWay = store.checkpoint(batch(B, { accounts: [account('abc')] }));
    owner.crash();
    proceed();
    await expect(underWay).rejects.toThrow(StoreUnavailable);
    await expect(store.load(ABC)).rejects.toThrow(StoreUnavailable);
    const { checkpoint } = await new MemoryAppliedStore(owner.tables).openBucket(B);
    expect(checkpoint.applied.index).toBe(0);
  });
});
