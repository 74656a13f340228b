/**
 * A replica's Raft node id names the disk it lives on: the Resource Manager and which of its incarnations. At most one replica of a
 * group per incarnation; a configuration may hold two of one Resource Manager while the newer one takes the older one's place.
 */
import { nodeId, type NodeId } from '@mas/raft';
import { memberOfRaftId, raftIdOf, type MemberId } from '@mas/membership';
import type { RmId } from '@mas/values';

export function nodeOf(member: MemberId): NodeId {
  return nodeId(raftIdOf(member));
}

/** @throws InvariantViolation for a node that is no incarnation's: somebody else founded this group. */
export function memberOf(node: NodeId): MemberId {
  return memberOfRaftId(node);
}

export function rmOf(node: NodeId): RmId {
  return memberOf(node).rm;
}
