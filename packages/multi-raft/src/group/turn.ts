/**
 * One group's share of a turn of the scheduler, in a fixed order: what its disk and its applied state report, what peers
 * said, what callers want, ticks, and then what Raft wants done about all of it. Every part is bounded.
 */
import { logIndex, term as raftTerm, type PeerMessage } from '@mas/raft';
import { unreachable } from '@mas/values';
import { carryOut } from './carry-out';
import { followTransfer } from './handover';
import type { Inbound } from './inbox';
import { acceptsQuiesce, becomeQuiet } from './quiescence';
import type { Replica } from './replica';
import { noteRole } from './role-change';
import { onGivenUp } from './succession';
import { tickOnce } from './ticking';

/** @returns whether more work is waiting. */
export function runTurn<Result>(replica: Replica<Result>): boolean {
  if (replica.isRetired) return false;
  try {
    stepStorageReports(replica);
    stepInbox(replica);
    takeProposals(replica);
    askReads(replica);
    for (; replica.pendingTicks > 0; replica.pendingTicks -= 1) tickOnce(replica);
    carryOut(replica);
    noteRole(replica);
    followTransfer(replica);
    replica.waiters.check();
    return hasMore(replica);
  } catch (cause) {
    replica.fail('a broken invariant', cause);
    return false;
  }
}

function hasMore<Result>(replica: Replica<Result>): boolean {
  if (replica.isRetired) return false;
  const mayPropose = replica.queue.length > 0 && !replica.isUncommittedFull;
  return replica.inbox.length > 0 || mayPropose || replica.writer.hasReleased || replica.applies.hasResponses || replica.node.hasReady();
}

function stepStorageReports<Result>(replica: Replica<Result>): void {
  for (const message of replica.writer.takeReleased()) {
    if (message.to === replica.host.nodeId) replica.node.step(message);
    else if (message.kind !== 'storage-append-response') replica.host.outboxes.message(replica.group, message);
  }
  for (const message of replica.applies.takeResponses()) replica.node.step(message);
  for (const peer of replica.unreachable) replica.node.reportUnreachable(peer);
  replica.unreachable.clear();
}

function stepInbox<Result>(replica: Replica<Result>): void {
  for (const item of replica.inbox.take(replica.host.config.maxMessagesPerTurn)) stepOne(replica, item);
}

function stepOne<Result>(replica: Replica<Result>, item: Inbound): void {
  const { node } = replica;
  switch (item.kind) {
    case 'message':
      if (!isTooFarAhead(replica, item.message) && !isVoteTooEarly(replica, item.message)) node.step(item.message);
      return;
    case 'snapshot':
      node.step(item.message);
      item.stepped();
      return;
    case 'heartbeat': {
      const { term, commit, readSequence, quiesce } = item.heartbeat;
      // A leader of the past may believe that this process still has what an earlier replica had.
      if (isUnfounded(replica) && commit > 0) return;
      node.step({ kind: 'heartbeat', from: item.from, to: node.id, term: raftTerm(term), commit: logIndex(commit), readSequence });
      if (quiesce && acceptsQuiesce(replica, item.from, item.heartbeat)) becomeQuiet(replica);
      return;
    }
    case 'given-up':
      onGivenUp(replica, item.from, item.term);
      return;
    case 'heartbeat-response': {
      const { term, readSequence } = item.heartbeat;
      node.step({ kind: 'heartbeat-response', from: item.from, to: node.id, term: raftTerm(term), readSequence });
      return;
    }
    default:
      unreachable(item, 'inbound item');
  }
}

/** Applied state that cannot keep up must not make the log grow without bound: the leader has to wait, or send a snapshot later. */
function isTooFarAhead<Result>(replica: Replica<Result>, message: PeerMessage): boolean {
  if (message.kind !== 'append' || message.entries.length === 0) return false;
  return message.prevIndex - replica.applies.applied.index > replica.host.config.maxUnappliedEntries;
}

/**
 * A replica that waits for its first snapshot has no vote. Its empty log would be behind anybody's, so it would help a
 * member that was away for long, and believes in a configuration of the past, to lead again: the process may have
 * been in that configuration, with a replica that knew better and was removed since.
 */
function isVoteTooEarly<Result>(replica: Replica<Result>, message: PeerMessage): boolean {
  return (message.kind === 'vote' || message.kind === 'pre-vote') && isUnfounded(replica);
}

function isUnfounded<Result>(replica: Replica<Result>): boolean {
  return replica.applies.confState.voters.length === 0;
}

function takeProposals<Result>(replica: Replica<Result>): void {
  if (replica.queue.length === 0 || replica.isUncommittedFull) return;
  const { maxProposalsPerTurn, maxInflightBytes } = replica.host.config;
  const batch = replica.queue.peek(maxProposalsPerTurn, maxInflightBytes);
  const proposed = replica.node.proposeBatch(batch);
  if (proposed.ok) {
    if (proposed.value.kind === 'appended') {
      replica.pending.appended(proposed.value.term, proposed.value.firstIndex, replica.queue.taken(batch.length));
    }
    return;
  }
  switch (proposed.error) {
    case 'uncommitted-limit':
      // They stay queued, and the queue's own bound tells callers; applying something makes room.
      replica.isUncommittedFull = true;
      return;
    case 'transfer-in-progress':
      replica.queue.refuseAll({ kind: 'refused', reason: 'transferring' });
      return;
    case 'no-leader':
    case 'forwarding-disabled':
    case 'not-a-member':
      noteRole(replica);
      replica.queue.refuseAll(replica.notLeader());
      return;
    default:
      unreachable(proposed.error, 'refusal of a proposal');
  }
}

function askReads<Result>(replica: Replica<Result>): void {
  // Not by what was known at the last turn: a follower would forward the read, and hosts do not.
  if (replica.reads.canAsk && replica.node.basicStatus().role === 'leader') replica.node.readIndex(replica.reads.nextRound());
}
