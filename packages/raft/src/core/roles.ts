/** The four roles and the ways between them (Raft paper figure 4, with thesis 9.6's pre-candidate). */
import { invariant, present } from '@mas/values';
import { nextTerm, ZERO_INDEX, type NodeId, type Term } from '../model/ids';
import { appendAsLeader, EMPTY_ENTRY } from './leader-log';
import type { Raft } from './raft';
import { ReadQueue } from './read-queue';

export function becomeFollower(raft: Raft, term: Term, leader: NodeId | undefined): void {
  startRole(raft, term);
  raft.role = 'follower';
  raft.leader = leader;
  raft.tell('info', () => 'follows');
}

/** Only asks: neither term nor vote change, so nothing is disturbed and nothing needs to be durable. */
export function becomePreCandidate(raft: Raft): void {
  invariant(raft.role !== 'leader', 'a leader does not campaign');
  raft.tracker.resetVotes();
  raft.role = 'pre-candidate';
  raft.leader = undefined;
  raft.tell('info', () => 'is a pre-candidate');
}

export function becomeCandidate(raft: Raft): void {
  invariant(raft.role !== 'leader', 'a leader does not campaign');
  startRole(raft, nextTerm(raft.term));
  raft.role = 'candidate';
  raft.vote = raft.id;
  raft.tell('info', () => 'is a candidate');
}

export function becomeLeader(raft: Raft): void {
  invariant(raft.role === 'candidate', 'only a candidate becomes leader');
  startRole(raft, raft.term);
  raft.role = 'leader';
  raft.leader = raft.id;
  const own = present(raft.tracker.get(raft.id), 'progress of the new leader');
  own.becomeReplicate();
  own.recentActive = true;
  // The log may hold a configuration change that is not applied. Scanning for it costs more than delaying
  // the next change until everything inherited is applied.
  raft.pendingConfIndex = raft.log.lastIndex();
  // Raft paper section 8: an entry of the own term commits what earlier terms left.
  appendAsLeader(raft, [EMPTY_ENTRY]);
  raft.tell('info', () => 'leads');
}

function startRole(raft: Raft, term: Term): void {
  if (raft.term !== term) {
    raft.term = term;
    raft.vote = undefined;
  }
  raft.leader = undefined;
  raft.electionElapsedTicks = 0;
  raft.heartbeatElapsedTicks = 0;
  raft.drawElectionTimeout();
  raft.transferee = undefined;
  raft.tracker.reset(raft.id, raft.log.lastIndex());
  raft.pendingConfIndex = ZERO_INDEX;
  raft.uncommittedBytes = 0;
  raft.reads = new ReadQueue();
}
