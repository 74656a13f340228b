/** One group as a console, metrics or `cluster status` shows it. */
import type { MemberId } from '@mas/membership';
import type { GroupStatus } from '../host';
import { memberOf, rmOf } from '../replica-id';
import type { Replica } from './replica';

export function statusOf<Result>(replica: Replica<Result>): GroupStatus {
  const { role, leader: known, term, commit, lastIndex, isLearner } = replica.node.basicStatus();
  const leader = replica.isRetired ? undefined : known;
  const lag: { readonly replica: MemberId; readonly entries: number }[] = [];
  if (role === 'leader') {
    replica.node.visitProgress((id, progress) => {
      if (id !== replica.host.nodeId) lag.push({ replica: memberOf(id), entries: lastIndex - progress.match });
    });
  }
  return {
    group: replica.group,
    role: shownRole(replica.isRetired, isLearner, role),
    leader: leader === undefined ? null : rmOf(leader),
    term,
    commitIndex: commit,
    appliedIndex: replica.applies.applied.index,
    durableIndex: replica.applier.durable().index,
    lastIndex,
    voters: replica.voters.map(memberOf),
    outgoing: replica.applies.confState.votersOutgoing.map(memberOf),
    formerVoters: replica.formerVoters.beside([...replica.voters, ...replica.applies.confState.votersOutgoing]).map(memberOf),
    learners: replica.applies.confState.learners.map(memberOf),
    quiescent: replica.isQuiet,
    lag,
    queuedProposals: replica.queue.length + replica.pending.size,
    queuedMessages: replica.inbox.length,
    fsyncP50Ms: replica.writer.syncTimes.p50Ms(),
    applyP50Ms: replica.applies.applyTimes.p50Ms(),
    applyTimes: replica.applies.applyTimes.all,
    leaderChanges: replica.leaderChanges,
  };
}

function shownRole(isRetired: boolean, isLearner: boolean, role: Exclude<GroupStatus['role'], 'learner' | 'stopped'>): GroupStatus['role'] {
  if (isRetired) return 'stopped';
  return isLearner ? 'learner' : role;
}
