/**
 * Elections: campaigning, voting, counting (Raft paper 5.2 and 5.4.1; thesis 9.6 PreVote, 6.2 leases, 3.10 transfer).
 * Invariant: at most one vote per term, and it is durable before anybody hears of it.
 */
import { err, ok, present, type Result } from '@mas/values';
import type { CampaignRefusal } from '../api/raft-node';
import type { EntryId } from '../model/entry';
import { indexPlus, nextTerm } from '../model/ids';
import type { VoteMessage, VoteResponseMessage } from '../model/message';
import { allVoters } from '../quorum/joint';
import type { Raft } from './raft';
import { broadcastAppend } from './replication';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles';

/** transfer: on the leader's wish. It skips PreVote, for nobody is coming back from a partition. */
export type CampaignReason = 'timeout' | 'transfer';

/** Campaigns, unless this replica must not. */
export function hup(raft: Raft, reason: CampaignReason): Result<undefined, CampaignRefusal> {
  const refusal = campaignRefusal(raft);
  if (refusal !== undefined) {
    raft.tell('warn', () => `does not campaign: ${refusal}`);
    return err(refusal);
  }
  if (raft.config.preVote && reason === 'timeout') preCampaign(raft);
  else campaign(raft, reason);
  return ok(undefined);
}

/** A voter by its own configuration, with no snapshot pending that may say otherwise. */
export function isPromotable(raft: Raft): boolean {
  const own = raft.tracker.get(raft.id);
  return own !== undefined && !own.isLearner && raft.log.unstable.snapshot === undefined;
}

/** Whether a vote request must not disturb: this replica heard a leader less than an election timeout ago. */
export function isInLease(raft: Raft): boolean {
  return raft.config.checkQuorum && raft.leader !== undefined && raft.electionElapsedTicks < raft.config.electionTicks;
}

export function handleVoteRequest(raft: Raft, message: VoteMessage): void {
  const isPreVote = message.kind === 'pre-vote';
  const canVote = raft.vote === message.from || (raft.vote === undefined && raft.leader === undefined) || (isPreVote && message.term > raft.term);
  // A learner votes too: it may have been promoted without knowing it yet, and without its vote the group
  // might not be able to elect anybody.
  if (!canVote || !raft.log.isUpToDate(lastEntryOf(message))) {
    respond(raft, message, false);
    return;
  }
  respond(raft, message, true);
  if (!isPreVote) {
    raft.electionElapsedTicks = 0;
    raft.vote = message.from;
  }
}

/** A pre-candidate of an older term: it must hear of ours, or it would ask for ever. */
export function rejectOutdatedPreVote(raft: Raft, message: VoteMessage): void {
  respond(raft, message, false);
}

/** An answer to the campaign that this replica is in. */
export function handleVoteResponse(raft: Raft, message: VoteResponseMessage): void {
  const result = raft.tracker.recordVote(message.from, message.granted);
  if (result === 'won') {
    if (raft.role === 'pre-candidate') {
      campaign(raft, 'timeout');
    } else {
      becomeLeader(raft);
      broadcastAppend(raft);
    }
  } else if (result === 'lost') {
    // The term stays ours: a rejected pre-vote may carry the term that we only asked about.
    becomeFollower(raft, raft.term, undefined);
  }
}

function preCampaign(raft: Raft): void {
  becomePreCandidate(raft);
  requestVotes(raft, 'pre-vote', false);
}

function campaign(raft: Raft, reason: CampaignReason): void {
  becomeCandidate(raft);
  requestVotes(raft, 'vote', reason === 'transfer');
}

function requestVotes(raft: Raft, kind: VoteMessage['kind'], transfer: boolean): void {
  const term = kind === 'pre-vote' ? nextTerm(raft.term) : raft.term;
  const last = raft.log.lastId();
  for (const voter of allVoters(raft.tracker.configuration.voters)) {
    if (voter === raft.id) {
      // Its own vote counts like the others: when it is durable.
      raft.outbox.sendAfterAppend({ kind: responseKind(kind), from: raft.id, to: voter, term, granted: true });
    } else {
      raft.outbox.send({ kind, from: raft.id, to: voter, term, lastIndex: last.index, lastTerm: last.term, transfer });
    }
  }
}

function respond(raft: Raft, message: VoteMessage, granted: boolean): void {
  raft.tell('info', () => `${granted ? 'grants' : 'rejects'} the ${message.kind} of ${message.from.toString(16)} for term ${message.term}`);
  raft.outbox.sendAfterAppend({
    kind: responseKind(message.kind),
    from: raft.id,
    to: message.from,
    // A granted pre-vote speaks of the term that was asked about; with ours the asker would drop it as outdated.
    term: granted ? message.term : raft.term,
    granted,
  });
}

function responseKind(kind: VoteMessage['kind']): VoteResponseMessage['kind'] {
  return kind === 'vote' ? 'vote-response' : 'pre-vote-response';
}

function lastEntryOf(message: VoteMessage): EntryId {
  return { term: message.lastTerm, index: message.lastIndex };
}

function campaignRefusal(raft: Raft): CampaignRefusal | undefined {
  if (raft.isLeader) return 'already-leader';
  if (!isPromotable(raft)) return 'not-promotable';
  return hasUnappliedConfChange(raft) ? 'conf-change-unapplied' : undefined;
}

/** A committed configuration change that is not applied: this replica does not know whom to ask for votes. */
function hasUnappliedConfChange(raft: Raft): boolean {
  const end = indexPlus(raft.log.committed, 1);
  let from = indexPlus(raft.log.applied, 1);
  while (from < end) {
    const page = present(raft.log.slice(from, end, raft.log.pageBytes), 'committed entries that are not applied');
    if (page.some((entry) => entry.type !== 'normal')) return true;
    from = indexPlus(from, present(page.length || undefined, 'a page of entries'));
  }
  return false;
}
