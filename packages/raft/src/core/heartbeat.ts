/** Heartbeats from the leader's side: keeping followers quiet, telling commits, confirming reads (Raft paper 5.2). */
import { minIndex } from '../model/ids';
import type { Raft } from './raft';

export function broadcastHeartbeat(raft: Raft): void {
  const readSequence = raft.reads.newestSequence;
  for (const id of raft.tracker.members) {
    const progress = raft.tracker.get(id);
    if (id === raft.id || progress === undefined) continue;
    // Never beyond what the follower is known to have: its log may differ after that.
    const commit = minIndex(progress.match, raft.log.committed);
    raft.outbox.send({ kind: 'heartbeat', from: raft.id, to: id, term: raft.term, commit, readSequence });
    progress.sentCommitIndex(commit);
  }
}
