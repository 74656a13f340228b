/** The leader's side of snapshots: for members whose next entry is compacted (Raft paper section 7). */
import { invariant } from '@mas/values';
import type { NodeId } from '../model/ids';
import { ZERO_INDEX } from '../model/ids';
import type { Progress } from '../tracker/progress';
import type { Raft } from './raft';

/** @returns whether a snapshot was sent; not to a silent member, and not while storage has none at hand. */
export function maybeSendSnapshot(raft: Raft, to: NodeId, progress: Progress): boolean {
  if (!progress.recentActive) return false;
  const snapshot = raft.log.snapshot();
  if (snapshot === undefined) return false;
  invariant(snapshot.metadata.index > 0, 'a log is only compacted behind a snapshot');
  progress.becomeSnapshot(snapshot.metadata.index);
  raft.tell('debug', () => `sends the snapshot at ${snapshot.metadata.index} to ${to.toString(16)}`);
  raft.outbox.send({ kind: 'snapshot', from: raft.id, to, term: raft.term, snapshot });
  return true;
}

/** How the transport fared. The receiver's own acknowledgement, should it come, says more and sooner. */
export function handleSnapshotStatus(progress: Progress, outcome: 'sent' | 'failed'): void {
  if (progress.state !== 'snapshot') return;
  // In this order: a failed snapshot must not make probing start behind it.
  if (outcome === 'failed') progress.pendingSnapshot = ZERO_INDEX;
  progress.becomeProbe();
  // Sent: its acknowledgement comes next. Failed: a heartbeat interval is soon enough for the next try.
  progress.paused = true;
}
