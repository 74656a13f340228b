export type * from './coordinator-service';
export * from './txn-coordinator-dao';
