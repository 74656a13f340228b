export {
  type ConfChange,
  type ConfChangeStep,
  type ConfChangeTransition,
  type ConfChangeType,
  type ConfChangeV1,
  type ConfChangeV2,
  asV2,
  confChangeV1,
  confChangeV2,
  leaveJoint,
  SKIPPED_NODE,
} from './model/conf-change';
export { decodeConfChange, encodeConfChange } from './model/conf-change-codec';
export { EMPTY_CONF_STATE, sameConfState, type ConfState } from './model/conf-state';
export { countWithin, entriesSizeBytes, entrySizeBytes, NO_DATA, payloadBytes, type Entry, type EntryId, type EntryType } from './model/entry';
export { indexPlus, logIndex, NO_LIMIT, nextTerm, nodeId, term, ZERO_INDEX, ZERO_TERM, type LogIndex, type NodeId, type Term } from './model/ids';
export type {
  AppendAcceptedMessage,
  AppendMessage,
  AppendRejectedMessage,
  HeartbeatMessage,
  HeartbeatResponseMessage,
  Message,
  PeerMessage,
  ProposedEntry,
  ProposeMessage,
  ReadIndexMessage,
  ReadIndexResponseMessage,
  SnapshotMessage,
  StepMessage,
  StorageAppendMessage,
  StorageAppendResponseMessage,
  StorageApplyMessage,
  StorageApplyResponseMessage,
  StorageMessage,
  StorageResponseMessage,
  TimeoutNowMessage,
  TransferLeaderMessage,
  VoteMessage,
  VoteResponseMessage,
} from './model/message';
export type { Ready } from './model/ready';
export type { Snapshot, SnapshotMetadata } from './model/snapshot';
export type { HardState, ReadState, Role, SoftState } from './model/state';
export type { InitialState, RaftStorage } from './log/storage';
export { raftConfig, validateConfig, type ConfigError, type RaftConfig, type RaftConfigInput, type ReadOnlyMode } from './core/config';
export { silentRaftLogger, type RaftLogger, type RaftLogLevel } from './core/logger';
export type { CampaignRefusal, ProposalAccepted, ProposalDropped, ProposalResult, RaftNode, RaftNodeFactory, StepRefusal, StepResult } from './api/raft-node';
export type { BasicStatus, ProgressState, ProgressStatus, RaftStatus } from './api/status';
export { MemoryStorage } from './log/memory-storage';
export { CoreRaftNode, createRaftNode } from './node/core-node';
