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
  incarnation,
  isHexId,
  MAX_ORDINAL,
  memberOfRaftId,
  ordinal,
  raftIdOf,
  shortId,
  type ClusterId,
  type Incarnation,
  type MemberIdentity,
  type Ordinal,
} from './identity';
export { MemberTable } from './member-table';
export { describeMember, judgeCluster, judgePeer, type PeerName, type PeerRefusal } from './peer-name';
export { PositionMarks, type PositionMark } from './position-marks';
