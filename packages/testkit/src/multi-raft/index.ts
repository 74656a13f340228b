/** Hosts of many groups over virtual time: an applied state of lines, a cluster with verbs, and random histories on it. */
export { chaos } from './chaos';
export { JournalApplier, JournalStore, type JournalOptions } from './journal-applier';
export { confStateOf, shown, TestCluster, type TestClusterOptions, type TestProcess } from './test-cluster';
