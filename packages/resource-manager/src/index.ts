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
  type Position,
  type RowRequest,
  type SnapshotChunk,
  type SnapshotInstaller,
  type SnapshotReader,
  type StoredLegQuery,
} from './applied-store';
export { resourceManagerConfig, type ConfigError, type ResourceManagerConfig, type ResourceManagerConfigInput } from './config';
export { platformDigest, type Digest, type RunningDigest } from './digest';
export { noFailpoints, type FailpointName, type Failpoints } from './failpoints';
export { ResourceManager } from './resource-manager';
export type { ApplyResult, ResourceManagerOptions } from './resource-manager-options';
export type { RowCodec } from './row-codec';
export { FileSnapshotSpool, MemorySnapshotSpool, type SnapshotSpool, type SpooledSnapshot } from './snapshot-spool';
export type { TokenVerifier } from './token-verifier';
export { describeStop, type BucketStop } from './bucket/bucket-stop';
