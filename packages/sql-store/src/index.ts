export { StoreMisconfigured, type StoreSetting } from './errors';
export { openAppliedStore, openEmbeddedStore, openMysqlStore } from './open-store';
export type { EmbeddedStoreOptions } from './embedded/embedded-database';
export type { MysqlStoreOptions } from './mysql/mysql-settings';
export type { SqlAppliedStore } from './store/sql-applied-store';
export { MemoryAppliedStore, type StoreFault, type StoreFaultHook, type StoreOperation } from './memory-store';
export { MemoryTables } from './memory/memory-tables';
