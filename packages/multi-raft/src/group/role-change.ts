/** What follows from gaining and losing leadership: fates of proposals and reads, and the applier's word for it. */
import type { Replica } from './replica';
import { onStoodDown, onTermWithoutLeader } from './succession';

/** Compares Raft's role with that of the last turn. */
export function noteRole<Result>(replica: Replica<Result>): void {
  const before = replica.known;
  const now = replica.node.basicStatus();
  replica.known = now;
  if (now.leader !== undefined && (now.leader !== before.leader || now.term !== before.term)) replica.leaderChanges += 1;
  const led = before.role === 'leader';
  const leads = now.role === 'leader';
  if (before.leader !== undefined && now.leader === undefined && now.term > before.term && now.role === 'follower') onTermWithoutLeader(replica, before.term);
  if (led && leads && before.term === now.term) return;
  if (led) onLost(replica, now.commit);
  if (leads) {
    replica.leaderSinceTick = replica.host.tick();
    replica.formerVoters.leads(now.lastIndex);
    replica.host.logger.info({ bucket: replica.group, term: now.term }, 'leads');
  }
  if (led || leads) replica.applier.onRole(leads ? 'leader' : 'follower', now.term);
  if (led && !leads && now.term === before.term && now.leader === undefined) onStoodDown(replica);
}

function onLost<Result>(replica: Replica<Result>, commit: number): void {
  const { host } = replica;
  host.logger.info({ bucket: replica.group, term: replica.known.term, pending: replica.pending.size }, 'leads no longer');
  const fate = replica.notLeader();
  replica.isUncommittedFull = false;
  replica.queue.refuseAll(fate);
  replica.reads.failAll(fate);
  replica.pending.abandonAbove(commit);
  if (replica.confChange !== undefined && replica.confChange.index > commit) replica.settleConfChange('unknown');
  replica.pins.clear();
}
