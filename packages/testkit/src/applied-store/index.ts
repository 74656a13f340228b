/** The port of a Resource Manager's SQL: its contract with rows to write, and a database in memory under it, with faults. */
export { appliedStoreContract } from './applied-store-contract';
export * from './contract-rows';
export { FaultyDatabase } from './faulty-database';
export { MemoryAppliedStore, type StoreFault, type StoreFaultHook, type StoreOperation } from './memory-store';
export { MemoryTables } from './memory-tables';
export { allChunks, rowsOfKind, type MakeStore, type StoreUnderTest } from './store-under-test';
