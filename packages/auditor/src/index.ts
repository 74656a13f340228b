export { auditHistory, type Evidence } from './audit-history';
export { show, type Decisions, type DecisionSeen } from './decisions';
export { expectEqualReplicas, finalState, rowsOf, type BucketRows, type FinalState } from './final-rows';
export { Findings, type Finding } from './findings';
export {
  History,
  otherRequest,
  verdictOf,
  type AccountHistory,
  type Attempt,
  type LockHistory,
  type LookUp,
  type OtherRequest,
  type PaymentHistory,
  type ReadHistory,
} from './history';
export { HoldsSeen, type HoldSeen } from './holds';
export { endsWrong, programOptions, wholeNumber } from './program-options';
export { rendered } from './rendered';
export type { ReadFigures } from './serializability';
export { fixedPlaces, movingPlaces, type Ownership, type SlotPlaces } from './slot-places';
