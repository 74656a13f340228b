/** Decisions of a joint configuration: both majorities must agree (Raft paper section 6). */
import { minIndex, type LogIndex, type NodeId } from '../model/ids';
import { committedIndex, majority, voteResult, type AckedIndexes, type Majority, type VoteResult } from './majority';

export interface JointVoters {
  /** The configuration in force, or the one being entered. */
  readonly incoming: Majority;
  /** The configuration being left; empty unless joint. */
  readonly outgoing: Majority;
}

export function jointCommittedIndex(voters: JointVoters, acked: AckedIndexes): LogIndex {
  return minIndex(committedIndex(voters.incoming, acked), committedIndex(voters.outgoing, acked));
}

export function jointVoteResult(voters: JointVoters, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  const incoming = voteResult(voters.incoming, votes);
  const outgoing = voteResult(voters.outgoing, votes);
  if (incoming === outgoing) return incoming;
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending';
}

/** Voters of either half, ascending. */
export function allVoters(voters: JointVoters): Majority {
  return voters.outgoing.length === 0 ? voters.incoming : majority([...voters.incoming, ...voters.outgoing]);
}

export function isVoter(voters: JointVoters, id: NodeId): boolean {
  return voters.incoming.includes(id) || voters.outgoing.includes(id);
}
