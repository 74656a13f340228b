/**
 * Leadership transfer (Raft thesis 3.10): no new proposals while it lasts, the target is caught up, then told to
 * campaign at once. Given up after an election timeout (tick.ts), or when the target loses its vote.
 */
import type { NodeId } from '../model/ids';
import type { Progress } from '../tracker/progress';
import type { Raft } from './raft';
import { maybeSendAppend } from './replication';
import { sendTimeoutNow } from './transfer-signal';

export function startTransfer(raft: Raft, to: NodeId, progress: Progress): void {
  if (progress.isLearner || raft.transferee === to) return;
  // Another wish replaces the one under way, even a wish that keeps the leadership here.
  raft.transferee = undefined;
  if (to === raft.id) return;
  raft.tell('info', () => `transfers the leadership to ${to.toString(16)}`);
  // The transfer has one election timeout, from now.
  raft.electionElapsedTicks = 0;
  raft.transferee = to;
  if (progress.match === raft.log.lastIndex()) sendTimeoutNow(raft, to);
  else maybeSendAppend(raft, to, true);
}

export function abortTransfer(raft: Raft): void {
  raft.transferee = undefined;
}
