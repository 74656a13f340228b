/** What a candidate or pre-candidate does with a message of its own term. */
import { err, ok } from '@mas/values';
import type { StepResult } from '../api/raft-node';
import type { PeerMessage } from '../model/message';
import { handleVoteResponse } from './election';
import { stepFollower } from './follower';
import type { Raft } from './raft';
import { becomeFollower } from './roles';

const STEPPED: StepResult = ok(undefined);
const NO_LEADER: StepResult = err('no-leader');

export function stepCandidate(raft: Raft, message: PeerMessage): StepResult {
  switch (message.kind) {
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      // Somebody else won this term's election (Raft paper 5.2).
      becomeFollower(raft, message.term, message.from);
      return stepFollower(raft, message);
    case 'vote-response':
      if (raft.role === 'candidate') handleVoteResponse(raft, message);
      return STEPPED;
    case 'pre-vote-response':
      // A candidate may still get answers to the pre-vote it has won.
      if (raft.role === 'pre-candidate') handleVoteResponse(raft, message);
      return STEPPED;
    case 'propose':
      return NO_LEADER;
    default:
      return STEPPED;
  }
}
