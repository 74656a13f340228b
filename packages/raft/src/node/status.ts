/** Copies of a replica's state for whoever wants to look. */
import type { Raft } from '../core/raft';
import type { BasicStatus, ProgressStatus, RaftStatus } from '../api/status';
import type { NodeId } from '../model/ids';
import { toConfState } from '../tracker/configuration';
import type { Progress } from '../tracker/progress';

export function basicStatusOf(raft: Raft): BasicStatus {
  return {
    id: raft.id,
    role: raft.role,
    term: raft.term,
    vote: raft.vote,
    leader: raft.leader,
    commit: raft.log.committed,
    applied: raft.log.applied,
    firstIndex: raft.log.firstIndex(),
    lastIndex: raft.log.lastIndex(),
    transferee: raft.transferee,
    isLearner: raft.isLearner,
    uncommittedBytes: raft.uncommittedBytes,
  };
}

export function statusOf(raft: Raft): RaftStatus {
  const progress = new Map<NodeId, ProgressStatus>();
  if (raft.isLeader) visitProgressOf(raft, (id, one) => progress.set(id, one));
  return { ...basicStatusOf(raft), configuration: toConfState(raft.tracker.configuration), progress };
}

export function visitProgressOf(raft: Raft, visit: (id: NodeId, progress: ProgressStatus) => void): void {
  for (const id of raft.tracker.members) {
    const progress = raft.tracker.get(id);
    if (progress !== undefined) visit(id, progressStatus(progress));
  }
}

export function progressStatus(progress: Progress): ProgressStatus {
  return {
    state: progress.state,
    match: progress.match,
    next: progress.next,
    pendingSnapshot: progress.pendingSnapshot,
    recentActive: progress.recentActive,
    paused: progress.isPaused(),
    isLearner: progress.isLearner,
    inflightMessages: progress.inflights.count,
    inflightFull: progress.inflights.isFull(),
  };
}
