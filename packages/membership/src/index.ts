export {
  foundingOf,
  foundingProblem,
  nextFoundingState,
  type ClusterSettings,
  type Founder,
  type Founding,
  type FoundingProblem,
  type FoundingState,
  type FoundingStatement,
  type TextDigest,
} from './founding';
export {
  clusterId,
  FOUNDER,
  founderId,
  incarnation,
  isHexId,
  isRaftId,
  MAX_ORDINAL,
  memberOfRaftId,
  ordinal,
  raftIdOf,
  shortId,
  type ClusterId,
  type Incarnation,
  type MemberId,
  type MemberIdentity,
  type Ordinal,
} from './identity';
export { Elsewhere } from './elsewhere';
export { decodeMarks, decodeRuns, encodeMarks, encodeRuns, type FolderRuns } from './kept-text';
export { LocalMember, type LocalMemberOptions } from './local-member';
export { MemberTable } from './member-table';
export { NamedByMost } from './named-by-most';
export { describeMember, judgeCluster, judgeOneself, judgePeer, PEER_REFUSALS, stillHeard, type Known, type PeerName, type PeerRefusal } from './peer-name';
export { PositionMarks, type PositionMark } from './position-marks';
export { areRuns, isRun, MAX_RUNS_TOLD, runOf, runsWithNext, type Run, type RunStart } from './run-history';
export { decodeIdentity, encodeIdentity, membershipOf, type Admission, type IdentityRecord, type IdentityState, type Membership } from './identity-record';
