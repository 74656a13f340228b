/** Time: one tick of a leader, or of anybody else. */
import type { Raft } from './raft';
import { hup, isPromotable } from './election';
import { broadcastHeartbeat } from './heartbeat';
import { becomeFollower } from './roles';
import { abortTransfer } from './transfer';

export function tick(raft: Raft): void {
  if (raft.isLeader) tickLeader(raft);
  else tickOther(raft);
}

function tickOther(raft: Raft): void {
  raft.electionElapsedTicks += 1;
  if (!isPromotable(raft) || raft.electionElapsedTicks < raft.electionTimeoutTicks) return;
  raft.electionElapsedTicks = 0;
  hup(raft, 'timeout');
}

function tickLeader(raft: Raft): void {
  raft.heartbeatElapsedTicks += 1;
  raft.electionElapsedTicks += 1;
  if (raft.electionElapsedTicks >= raft.config.electionTicks) {
    raft.electionElapsedTicks = 0;
    if (raft.config.checkQuorum) checkQuorum(raft);
    // A transfer that did not finish within an election timeout is given up: proposals are taken again.
    abortTransfer(raft);
  }
  if (!raft.isLeader || raft.heartbeatElapsedTicks < raft.config.heartbeatTicks) return;
  raft.heartbeatElapsedTicks = 0;
  broadcastHeartbeat(raft);
}

/** Raft thesis 6.2: a leader that no quorum has answered for an election timeout steps down. */
function checkQuorum(raft: Raft): void {
  if (!raft.tracker.quorumActive()) {
    raft.tell('warn', () => 'steps down: no quorum was heard');
    becomeFollower(raft, raft.term, undefined);
  }
  for (const id of raft.tracker.members) {
    const progress = raft.tracker.get(id);
    if (id !== raft.id && progress !== undefined) progress.recentActive = false;
  }
}
