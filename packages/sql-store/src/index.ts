export { StoreMisconfigured, type StoreSetting } from './errors';
export { openAppliedStore, openEmbeddedStore, openMysqlStore } from './open-store';
export type { EmbeddedStoreOptions } from './embedded/embedded-database';
export type { MysqlStoreOptions } from './mysql/mysql-settings';
export type { SqlAppliedStore } from './store/sql-applied-store';
// Steps of a payment's way, which the benchmark of stages takes one by one.
export { ACCOUNT_TEXT } from './rows/account-text';
export { OUTCOME_TEXT } from './rows/outcome-text';
export { PAYMENT_TEXT } from './rows/payment-text';
export { bySlot } from './rows/row-order';
export type { RowInSlot, TableText } from './rows/table-text';
export { loadRows } from './sql-dialect';
