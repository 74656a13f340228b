/** Whose rows these are: asked without a trace, claimed once, taken over together with the rows' end. */
import type { OwnedStore, StoreOwner } from '@mas/resource-manager';
import { rmId } from '@mas/values';
import type { ContractContext } from './store-under-test';

const owner = (rm: number, digit: string): StoreOwner => ({ clusterId: 'c'.repeat(32), rm: rmId(rm), incarnation: digit.repeat(32) });
const FIRST = owner(1, 'a');
const STRANGER = owner(2, 'b');
const SUCCESSOR = owner(1, 'd');

/** Runs first: the database is still nobody's. */
export function ownerContract(context: ContractContext): void {
  const store = (): OwnedStore => context.store as ContractContext['store'] & OwnedStore;

  test('a new database is nobody\u2019s, and asking does not change that', async () => {
    expect(await store().ownership()).toEqual({ kind: 'empty' });
    expect(await store().ownership()).toEqual({ kind: 'empty' });
  });

  test('rows without an owner are those of an earlier version', async () => {
    await context.openNew();
    expect(await store().ownership()).toEqual({ kind: 'unnamed' });
  });

  test('the first claim stays, also over a restart', async () => {
    expect(await store().claim(FIRST)).toEqual(FIRST);
    expect(await store().claim(STRANGER)).toEqual(FIRST);
    await context.reopen();
    expect(await store().ownership()).toEqual({ kind: 'owned', owner: FIRST });
  });

  test('only from its owner a database is taken over; its buckets are dropped', async () => {
    const { bucket } = await context.openNew();
    await store().takeOver(SUCCESSOR, STRANGER);
    expect(await store().ownership()).toEqual({ kind: 'owned', owner: FIRST });
    expect(await context.store.buckets()).toContain(bucket);
    await store().takeOver(SUCCESSOR, FIRST);
    expect(await store().ownership()).toEqual({ kind: 'owned', owner: SUCCESSOR });
    expect(await context.store.buckets()).toEqual([]);
    await store().takeOver(SUCCESSOR, FIRST);
    expect(await store().ownership()).toEqual({ kind: 'owned', owner: SUCCESSOR });
  });
}
