export {
  StoreUnavailable,
  WriterFenced,
  type AppliedStore,
  type BucketStore,
  type Checkpoint,
  type CheckpointBatch,
  type IdentityChunk,
  type LegLookup,
  type LoadedRows,
  type OwnedStore,
  type Position,
  type RowRequest,
  type SnapshotChunk,
  type SnapshotInstaller,
  type SnapshotReader,
  type StoredLegQuery,
  type StoreOwner,
  type StoreOwnership,
} from './applied-store';
export { visitAccounts, type AccountVisitor } from './audit/account-rows';
export { decodeSnapshot, encodeSnapshot, SnapshotDamaged, type SnapshotFrame } from './bucket/snapshot-stream';
export { resourceManagerConfig, type ConfigError, type ResourceManagerConfig, type ResourceManagerConfigInput } from './config';
export { platformDigest, type Digest, type RunningDigest } from './digest';
export { noFailpoints, type FailpointName, type Failpoints } from './failpoints';
export { BecomingMember, MembershipRefused, newIdentity, type BecomingMemberPorts } from './membership/becoming-member';
export { checkDatabase, claimDatabase } from './membership/database-owner';
export { FolderIdentity } from './membership/folder-identity';
export { FolderMembership, type NamedDatabase } from './membership/folder-membership';
export { MemberDesk } from './membership/member-desk';
export type { Arrival, IdentityStore, Introduction, MemberFolder, MembershipClient, MembershipServer, RejoinAnswer } from './membership/membership-ports';
export { RefusalLog, SAY_AGAIN_MS, type RefusedPair } from './membership/refusal-log';
export { lookAround, type LookingAround } from './membership/look-around';
export { takePart, type Member, type TakingPart } from './membership/take-part';
export { decodePlacement, encodePlacement } from './meta/placement-codec';
export { ResourceManager } from './resource-manager';
export type { ReplicaNumbers, ResourceManagerNumbers } from './resource-manager-numbers';
export type { ApplyResult, ResourceManagerOptions, RmMembership } from './resource-manager-options';
export type { RowCodec } from './row-codec';
export { FileSnapshotSpool, MemorySnapshotSpool, type SnapshotSpool, type SpooledSnapshot } from './snapshot-spool';
export type { TokenVerifier } from './token-verifier';
export { describeStop, type BucketStop } from './bucket/bucket-stop';
// Steps of a payment's way, which the benchmark of stages takes one by one.
export { AdmissionControl } from './propose/admission';
export { noPins, RowTable, type ChangedRows, type Pins } from './rows/row-table';
