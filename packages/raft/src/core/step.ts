/**
 * One message in: first its term is compared (Raft paper 5.1), then it goes to the role's own handling.
 */
import { ok, unreachable } from '@mas/values';
import type { StepResult } from '../api/raft-node';
import { ZERO_INDEX, type Term } from '../model/ids';
import type { PeerMessage, StepMessage } from '../model/message';
import { sendAccepted } from './append-handling';
import { stepCandidate } from './candidate';
import { handleVoteRequest, isInLease, rejectOutdatedPreVote } from './election';
import { stepFollower } from './follower';
import { stepLeader } from './leader';
import type { Raft } from './raft';
import { becomeFollower } from './roles';
import { handleStorageAppendResponse, handleStorageApplyResponse } from './storage-responses';

const STEPPED: StepResult = ok(undefined);

export function step(raft: Raft, message: StepMessage): StepResult {
  if (message.kind === 'storage-append-response') {
    handleStorageAppendResponse(raft, message);
    return STEPPED;
  }
  if (message.kind === 'storage-apply-response') {
    handleStorageApplyResponse(raft, message);
    return STEPPED;
  }
  if (message.kind === 'propose' || message.kind === 'read-index') return stepInRole(raft, message);
  if (message.term > raft.term && !adoptTerm(raft, message)) return STEPPED;
  if (message.term < raft.term) {
    answerOutdated(raft, message);
    return STEPPED;
  }
  return stepInRole(raft, message);
}

type TermedMessage = Extract<PeerMessage, { readonly term: Term }>;

/** @returns false when the message must be ignored. */
function adoptTerm(raft: Raft, message: TermedMessage): boolean {
  switch (message.kind) {
    case 'vote':
    case 'pre-vote':
      // Raft thesis 6.2: who hears a leader does not let itself be talked out of it, except by the leader.
      if (!message.transfer && isInLease(raft)) {
        raft.tell('info', () => `ignores the ${message.kind} of ${message.from.toString(16)}: it hears a leader`);
        return false;
      }
      if (message.kind === 'vote') becomeFollower(raft, message.term, undefined);
      return true;
    case 'pre-vote-response':
      // A granted one names the term we asked about. A rejection names the rejecter's, which is news.
      if (!message.granted) becomeFollower(raft, message.term, undefined);
      return true;
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      becomeFollower(raft, message.term, message.from);
      return true;
    default:
      becomeFollower(raft, message.term, undefined);
      return true;
  }
}

function answerOutdated(raft: Raft, message: TermedMessage): void {
  const { kind } = message;
  if ((kind === 'append' || kind === 'heartbeat') && (raft.config.checkQuorum || raft.config.preVote)) {
    // Our term went ahead of a working leader's, and neither lease nor PreVote lets us be elected: without
    // this answer, which makes it step down, we could never rejoin.
    sendAccepted(raft, message.from, ZERO_INDEX);
  } else if (kind === 'pre-vote') {
    rejectOutdatedPreVote(raft, message);
  }
}

function stepInRole(raft: Raft, message: PeerMessage): StepResult {
  if (message.kind === 'vote' || message.kind === 'pre-vote') {
    handleVoteRequest(raft, message);
    return STEPPED;
  }
  switch (raft.role) {
    case 'leader':
      return stepLeader(raft, message);
    case 'follower':
      return stepFollower(raft, message);
    case 'candidate':
    case 'pre-candidate':
      return stepCandidate(raft, message);
    default:
      return unreachable(raft.role, 'role');
  }
}
