export { coordinatorConfig, configProblems, type ConfigProblem, type CoordinatorConfig } from './coordinator-config';
export { CoordinatorCounters } from './coordinator-counters';
export type { CoordinatorNumbers } from './coordinator-numbers';
export type { CoordinatorPorts, Digest } from './coordinator-ports';
export type * from './coordinator-service';
export { FAILPOINTS, noFailpoints, type Failpoint, type Failpoints } from './failpoints';
export { withRepetition } from './journal/repetition';
export { failure, success, type RequestErrorKind } from './reply';
export { discoverPlacement, type PlacementSource } from './placement-keeper';
export { ParticipantBucketLocks, type EffectiveLockRow } from './locks/participant-bucket-locks';
export { TransactionCoordinator } from './transaction-coordinator';
export * from './txn-coordinator-dao';
// Steps of a payment's way, which the benchmark of stages takes one by one.
export { identityOf } from './payment/identity';
export { draftOf } from './payment/payment-draft';
