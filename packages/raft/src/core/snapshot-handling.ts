/** The follower's side of snapshots: taking one in place of the log, or learning from it (Raft paper section 7). */
import { invariant } from '@mas/values';
import { restoreMembership } from '../confchange/restore';
import { sameConfState, type ConfState } from '../model/conf-state';
import type { NodeId } from '../model/ids';
import type { SnapshotMessage } from '../model/message';
import type { Snapshot } from '../model/snapshot';
import { sendAccepted } from './append-handling';
import { switchTo } from './membership';
import type { Raft } from './raft';

export function handleSnapshot(raft: Raft, message: SnapshotMessage): void {
  const restored = restore(raft, message.snapshot);
  sendAccepted(raft, message.from, restored ? raft.log.lastIndex() : raft.log.committed);
}

/** @returns false when the snapshot is of no use here: old, not for this replica, or its entries are in the log. */
function restore(raft: Raft, snapshot: Snapshot): boolean {
  const { index, term, confState } = snapshot.metadata;
  if (index <= raft.log.committed) return false;
  invariant(raft.role === 'follower', 'only a follower takes a snapshot');
  if (!isMember(confState, raft.id)) {
    raft.tell('warn', () => `ignores a snapshot at ${index} of a configuration that it is not in`);
    return false;
  }
  if (raft.log.matches(term, index)) {
    // The log has all of it and perhaps more: what it lacked was only the word that it is committed.
    raft.log.commitTo(index);
    return false;
  }
  raft.log.restore(snapshot);
  raft.tracker = raft.newTracker();
  const membership = restoreMembership(confState, { lastIndex: raft.log.lastIndex(), limits: raft.tracker.limits });
  const restored = switchTo(raft, membership);
  invariant(sameConfState(restored, confState), "the snapshot's configuration is restored unchanged");
  raft.tell('info', () => `restored the snapshot at ${index}`);
  return true;
}

/** learnersNext are outgoing voters. */
function isMember(confState: ConfState, id: NodeId): boolean {
  return confState.voters.includes(id) || confState.learners.includes(id) || confState.votersOutgoing.includes(id);
}
