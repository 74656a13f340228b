/** Entry for tests of implementations of AppliedStore; never imported by production code. */
export { appliedStoreContract } from './applied-store-contract';
export * as contractRows from './contract-rows';
export type { MakeStore, StoreUnderTest } from './store-under-test';
