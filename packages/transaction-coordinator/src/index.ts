export * from './txn-coordinator-dao';
