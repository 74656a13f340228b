/**
 * Decisions of one majority: what is committed, who won a vote (Raft paper 5.2 and 5.3).
 * A majority is an ascending list of distinct ids. The empty one agrees to everything, so that a joint
 * configuration with an empty half behaves like its other half.
 */
import { NO_LIMIT, type LogIndex, type NodeId } from '../model/ids';

export type Majority = readonly NodeId[];
export type VoteResult = 'pending' | 'won' | 'lost';

/** What each voter is known to have acknowledged; undefined: nothing heard. */
export interface AckedIndexes {
  ackedIndex(voter: NodeId): number | undefined;
}

export const EMPTY_MAJORITY: Majority = [];

export function majority(ids: Iterable<NodeId>): Majority {
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** The largest index that more than half acknowledged; NO_LIMIT for the empty majority. */
export function committedIndex(voters: Majority, acked: AckedIndexes): LogIndex {
  const count = voters.length;
  if (count === 0) return NO_LIMIT as LogIndex;
  // Groups have a handful of voters: insertion into a short descending list beats sorting a copy.
  const descending: number[] = [];
  for (const voter of voters) {
    const index = acked.ackedIndex(voter) ?? 0;
    let at = descending.length;
    for (; at > 0 && (descending[at - 1] ?? 0) < index; at -= 1) descending[at] = descending[at - 1] ?? 0;
    descending[at] = index;
  }
  return (descending[quorumSize(count) - 1] ?? 0) as LogIndex;
}

/** @param votes true: for, false: against, absent: not yet heard. */
export function voteResult(voters: Majority, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  if (voters.length === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === undefined) missing += 1;
    else if (vote) granted += 1;
  }
  const needed = quorumSize(voters.length);
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

function quorumSize(count: number): number {
  return Math.floor(count / 2) + 1;
}
