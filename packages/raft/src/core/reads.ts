/**
 * ReadIndex (Raft thesis 6.4): the commit index at arrival, once it is certain that this replica still led then.
 * safe: a round of heartbeats proves it. lease-based: the leader trusts that a quorum it heard within an election
 * timeout elects nobody else meanwhile, which holds only while clocks run at about the same speed.
 */
import type { LogIndex, NodeId } from '../model/ids';
import { broadcastHeartbeat } from './heartbeat';
import type { Raft } from './raft';
import { MAX_WAITING_READS, type ReadRequest } from './read-queue';

/** A read arrives at the leader. */
export function handleReadRequest(raft: Raft, request: ReadRequest): void {
  if (hasCommittedInOwnTerm(raft)) {
    confirmAndAnswer(raft, request);
  } else if (raft.earlyReads.length < MAX_WAITING_READS) {
    // Until then the leader does not know what is committed: its predecessor may have answered with more. That
    // holds for an only voter too, whose commit index need not have survived a crash. (etcd answers there.)
    raft.earlyReads.push(request);
  }
}

/** After a commit: the first one of the term opens the way for the reads that waited for it. */
export function answerEarlyReads(raft: Raft): void {
  if (raft.earlyReads.length === 0 || !hasCommittedInOwnTerm(raft)) return;
  const waiting = raft.earlyReads;
  raft.earlyReads = [];
  for (const request of waiting) confirmAndAnswer(raft, request);
}

/** A member answered a heartbeat that carried reads. */
export function handleReadAcknowledgement(raft: Raft, from: NodeId, sequence: number): void {
  if (raft.config.readOnly !== 'safe' || sequence === 0) return;
  raft.reads.acknowledge(from, sequence);
  for (const read of raft.reads.takeConfirmed(raft.tracker.configuration.voters)) answer(raft, read, read.index);
}

function confirmAndAnswer(raft: Raft, request: ReadRequest): void {
  if (raft.config.readOnly === 'lease-based' || isOnlyVoter(raft)) {
    answer(raft, request, raft.log.committed);
    return;
  }
  if (!raft.reads.add(request, raft.log.committed)) return;
  raft.reads.acknowledge(raft.id, raft.reads.newestSequence);
  broadcastHeartbeat(raft);
}

function answer(raft: Raft, request: ReadRequest, index: LogIndex): void {
  const { from, context } = request;
  if (from === undefined || from === raft.id) raft.readStates.push({ index, context });
  else raft.outbox.send({ kind: 'read-index-response', from: raft.id, to: from, term: raft.term, index, context });
}

/** Nobody else could have been elected. (etcd does not ask whether the only voter is this replica itself.) */
function isOnlyVoter(raft: Raft): boolean {
  const { incoming, outgoing } = raft.tracker.configuration.voters;
  return incoming.length === 1 && incoming[0] === raft.id && outgoing.length === 0;
}

function hasCommittedInOwnTerm(raft: Raft): boolean {
  return raft.log.matches(raft.term, raft.log.committed);
}
