/** The contract of the port AppliedStore, as tests that every implementation passes. Call it inside a `describe`. */
import { checkpointContract } from './checkpoint-contract';
import { ownerContract } from './owner-contract';
import { rowsContract } from './rows-contract';
import { snapshotContract } from './snapshot-contract';
import { startAndListsContract } from './start-and-lists-contract';
import { ContractContext, type MakeStore } from './store-under-test';

export function appliedStoreContract(makeStore: MakeStore): void {
  const context = new ContractContext(makeStore);
  beforeAll(() => context.begin());
  afterAll(() => context.end());
  describe('owner', () => ownerContract(context));
  describe('rows', () => rowsContract(context));
  describe('start and lists', () => startAndListsContract(context));
  describe('checkpoints', () => checkpointContract(context));
  describe('snapshots and installs', () => snapshotContract(context));
}
