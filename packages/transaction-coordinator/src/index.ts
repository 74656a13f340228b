export { coordinatorConfig, configProblems, type ConfigProblem, type CoordinatorConfig } from './coordinator-config';
export { CoordinatorCounters } from './coordinator-counters';
export type { CoordinatorPorts, Digest } from './coordinator-ports';
export type * from './coordinator-service';
export { FAILPOINTS, noFailpoints, type Failpoint, type Failpoints } from './failpoints';
export { failure, success, type RequestErrorKind } from './reply';
export { discoverPlacement, type PlacementSource } from './placement-keeper';
export { TransactionCoordinator } from './transaction-coordinator';
export * from './txn-coordinator-dao';
