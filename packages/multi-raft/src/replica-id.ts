/** A replica's Raft node id is the id of the process it lives in: at most one replica of a group per process. */
import { nodeId, type NodeId } from '@mas/raft';
import { rmId, type RmId } from '@mas/values';

export function nodeOf(rm: RmId): NodeId {
  return nodeId(rm);
}

/** @throws InvariantViolation for a node that is no process id: somebody else founded this group. */
export function rmOf(node: NodeId): RmId {
  return rmId(node);
}
