export { MAX_DIFFERENCES } from './account-audit';
export { BucketAudit, checkBucket, type BucketAuditReport } from './bucket-audit';
export { legDifferences } from './leg-differences';
export { changeBy, MAX_LISTED_LEGS, MomentAudit, withEarlier, type LegListing, type MomentReport, type MomentTerms } from './moment-audit';
export { addedSums, differingParts, isLegSums, MOMENT_PARTS, partOfTxn, type MomentLeg } from './moment-sums';
export { emptyBucket, type HomeOf, type SlotOf } from './bucket-state';
export { isOtherCommitTime } from './commit-time';
export { changeBody, changeRecordKey, creationBody, differingField, differingRequestField, requestNamed } from './request-body';
export { canonicalText, txnPreimage, type TxnVersion } from './txn-preimage';
export type * from './instruction';
export { MAX_INSTRUCTIONS_PER_ENTRY, MAX_MEMBERS } from './instruction';
export { closedBy, entryProblem } from './entry-problem';
export { LAST_MOMENT_US, MAX_LOCK_TTL_MS } from './instruction-problem';
export {
  changesOwnership,
  instructionProblem,
  knownSince,
  memberCount,
  rowsTouched,
  traitsOf,
  type Identity,
  type InstructionTraits,
  type Sender,
} from './instruction-traits';
export { entryMoments, type EntryMoments } from './entry-moments';
export { Ledger } from './ledger';
export type * from './ledger-codec';
export type * from './ledger-state';
export { actsForOwner, buildsOnLeg, directionOf } from './leg-effect';
export { acknowledgedTogether, isMany, joinedOutcome, membersOf, type ManyInstruction } from './members';
export { MemoryRows } from './memory-rows';
export { matchesNumberPattern } from './number-pattern';
export { MOVE_REFUSALS } from './outcome';
export type * from './outcome';
export {
  MAX_EXPIRY_SECONDS,
  MAX_LEGS,
  MAX_MEMO_LENGTH,
  type BodyContent,
  type LegEffect,
  type LegSpec,
  type PaymentKind,
  type PaymentReference,
} from './body-content';
export { decodeBody, MalformedBody } from './body-codec';
export { lent } from './own-rows';
export { PaymentBody } from './payment-body';
export type * from './policy';
export { COORDINATOR_REASON_NAMES, REFUSAL_NAMES, type AbortReason, type CoordinatorReasonName, type Refusal, type RefusalName } from './refusal';
export { MAX_ROWS_PER_PART } from './of-move';
export {
  isStaged,
  MovedSumming,
  NO_MOVES,
  NO_SUMS,
  type Arrival,
  type Departure,
  type Handover,
  type MovedRange,
  type MovedRows,
  type MovedSums,
  type MoveNumber,
  type SlotMoves,
} from './slot-moves';
export { rowText, type AnyRow } from './row-text';
export { countedSlots, lastMoveOf, NO_HOLDINGS, SlotCover, type Holder, type SlotHoldings } from './slot-cover';
export type * from './rows';
export { BREAK_REMEMBERED_MS, BROKEN_OWNER, brokenAtMs, lockKey } from './lock-row';
export type { LedgerKnowledge, RowsTouched } from './rows-touched';
export type { Move } from './recent-moves';
export { LOCK_HOLDERS_SINCE, MANY_TOLD_SINCE, MOMENTS_SINCE, SEMANTICS_VERSION, SLOTS_MOVE_SINCE, UnknownSemantics } from './semantics';
export type * from './subject';
export { MAX_LOCK_ID_LENGTH, MAX_LOCK_OWNER_LENGTH, MAX_OWNER_LENGTH } from './text-limits';
export { BODY_PROBLEM_NAMES, validateBody, type BodyProblem, type BodyProblemName } from './validate-body';
