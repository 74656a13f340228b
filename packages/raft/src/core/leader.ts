/** What a leader does with a message of its own term. */
import { ok } from '@mas/values';
import type { StepResult } from '../api/raft-node';
import type { PeerMessage } from '../model/message';
import type { Progress } from '../tracker/progress';
import { propose } from './proposals';
import { handleReadAcknowledgement, handleReadRequest } from './reads';
import type { Raft } from './raft';
import { handleAppendAccepted, handleAppendRejected, maybeSendAppend } from './replication';
import { startTransfer } from './transfer';

const STEPPED: StepResult = ok(undefined);

export function stepLeader(raft: Raft, message: PeerMessage): StepResult {
  if (message.kind === 'propose') {
    const proposed = propose(raft, message.entries, message.from);
    return proposed.ok ? STEPPED : proposed;
  }
  if (message.kind === 'read-index') {
    handleReadRequest(raft, message);
    return STEPPED;
  }
  if (message.kind === 'transfer-leader') {
    const target = raft.tracker.get(message.transferee);
    if (target !== undefined) startTransfer(raft, message.transferee, target);
    return STEPPED;
  }
  const progress = raft.tracker.get(message.from);
  if (progress !== undefined) stepMember(raft, message, progress);
  return STEPPED;
}

function stepMember(raft: Raft, message: PeerMessage, progress: Progress): void {
  switch (message.kind) {
    case 'append-accepted':
      handleAppendAccepted(raft, message, progress);
      return;
    case 'append-rejected':
      handleAppendRejected(raft, message, progress);
      return;
    case 'heartbeat-response':
      progress.recentActive = true;
      progress.paused = false;
      // Resumes a member whose appends were lost, and brings a probed one back to streaming.
      if (progress.match < raft.log.lastIndex() || progress.state === 'probe') maybeSendAppend(raft, message.from, true);
      handleReadAcknowledgement(raft, message.from, message.readSequence);
      return;
    default:
    // Votes of the election that is won, and the like: nothing to a leader.
  }
}
