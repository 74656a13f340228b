/** One group as a console, metrics or `cluster status` shows it. */
import type { RmId } from '@mas/values';
import type { GroupStatus } from '../host';
import { rmOf } from '../replica-id';
import type { Replica } from './replica';

export function statusOf<Result>(replica: Replica<Result>): GroupStatus {
  const { role, leader, term, commit, lastIndex, isLearner } = replica.node.basicStatus();
  const lag = new Map<RmId, number>();
  if (role === 'leader') {
    replica.node.visitProgress((id, progress) => {
      if (id !== replica.host.nodeId) lag.set(rmOf(id), lastIndex - progress.match);
    });
  }
  return {
    group: replica.group,
    role: isLearner ? 'learner' : role,
    leader: leader === undefined ? null : rmOf(leader),
    term,
    commitIndex: commit,
    appliedIndex: replica.applies.applied.index,
    durableIndex: replica.applier.durable().index,
    lastIndex,
    voters: replica.voters,
    learners: replica.applies.confState.learners.map(rmOf),
    quiescent: replica.isQuiet,
    lag,
    queuedProposals: replica.queue.length + replica.pending.size,
    queuedMessages: replica.inbox.length,
    fsyncP50Ms: replica.writer.syncTimes.p50Ms(),
    applyP50Ms: replica.applies.applyTimes.p50Ms(),
  };
}
