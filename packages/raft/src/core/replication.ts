/**
 * The leader's side of replication: what to send to whom, and what answers mean (Raft paper 5.3 and 5.4.2).
 * Flow control is in tracker/progress.ts; this module decides when to look at it.
 */
import { payloadBytes, type Entry } from '../model/entry';
import { indexPlus, type NodeId } from '../model/ids';
import type { AppendAcceptedMessage, AppendRejectedMessage } from '../model/message';
import type { Progress } from '../tracker/progress';
import { answerEarlyReads } from './reads';
import type { Raft } from './raft';
import { maybeSendSnapshot } from './snapshot-sending';
import { sendTimeoutNow } from './transfer-signal';

const NO_ENTRIES: readonly Entry[] = [];

export function broadcastAppend(raft: Raft): void {
  for (const id of raft.tracker.members) if (id !== raft.id) maybeSendAppend(raft, id, true);
}

/**
 * Sends the next append to `to`, unless flow control forbids it; a snapshot where the entries are gone.
 * @param ifEmpty whether an append without entries is worth sending (it carries the commit index).
 * @returns whether a message was sent.
 */
export function maybeSendAppend(raft: Raft, to: NodeId, ifEmpty: boolean): boolean {
  const progress = raft.tracker.get(to);
  if (progress === undefined || progress.isPaused()) return false;
  const prevIndex = indexPlus(progress.next, -1);
  const prevTerm = raft.log.term(prevIndex);
  if (prevTerm === undefined) return maybeSendSnapshot(raft, to, progress);

  // With a full window only an empty append goes out: should everything in the window be lost, this one is
  // answered sooner or later, and the answer empties the window.
  const blocked = progress.state === 'replicate' && progress.inflights.isFull();
  const entries = blocked ? NO_ENTRIES : raft.log.entriesFrom(progress.next, raft.config.maxMessageBytes);
  if (!ifEmpty && (entries === undefined || entries.length === 0)) return false;
  if (entries === undefined) return maybeSendSnapshot(raft, to, progress);

  const commit = raft.log.committed;
  raft.outbox.send({ kind: 'append', from: raft.id, to, term: raft.term, prevIndex, prevTerm, entries, commit });
  progress.sentEntries(entries.length, payloadBytes(entries));
  progress.sentCommitIndex(commit);
  return true;
}

/** Raft paper 5.4.2: counts copies of entries of the own term only; earlier ones are committed along with them. */
export function maybeCommit(raft: Raft): boolean {
  return raft.log.maybeCommit(raft.term, raft.tracker.committed());
}

export function handleAppendAccepted(raft: Raft, message: AppendAcceptedMessage, progress: Progress): void {
  progress.recentActive = true;
  // A probed member whose match is known already (after it was unreachable) goes back to streaming by this.
  const rediscovered = progress.state === 'probe' && progress.match === message.index;
  if (!progress.acknowledge(message.index) && !rediscovered) return;
  updateFlow(raft, message, progress);

  const isSelf = message.from === raft.id;
  if (maybeCommit(raft)) {
    answerEarlyReads(raft);
    broadcastAppend(raft);
  } else if (!isSelf && progress.canBumpCommit(raft.log.committed)) {
    maybeSendAppend(raft, message.from, true);
  }
  if (!isSelf) {
    // The acknowledgement may have made room for several size-limited messages.
    while (maybeSendAppend(raft, message.from, false));
  }
  if (message.from === raft.transferee && progress.match === raft.log.lastIndex()) sendTimeoutNow(raft, message.from);
}

export function handleAppendRejected(raft: Raft, message: AppendRejectedMessage, progress: Progress): void {
  progress.recentActive = true;
  // The follower skipped its terms that are too new for us; we skip ours that are too new for it. So there is
  // at most one probe per term.
  const hint = message.hintTerm > 0 ? raft.log.lastPossibleMatch(message.hintIndex, message.hintTerm).index : message.hintIndex;
  if (!progress.reject(message.index, hint)) return;
  if (progress.state === 'replicate') progress.becomeProbe();
  maybeSendAppend(raft, message.from, true);
}

/** A message to this member was lost: stream no further until it answers. */
export function handleUnreachable(progress: Progress): void {
  if (progress.state === 'replicate') progress.becomeProbe();
}

function updateFlow(raft: Raft, message: AppendAcceptedMessage, progress: Progress): void {
  if (progress.state === 'probe') {
    progress.becomeReplicate();
  } else if (progress.state === 'replicate') {
    progress.inflights.freeUpTo(message.index);
  } else if (progress.match + 1 >= raft.log.firstIndex()) {
    // Wherever it got its state from, and at whatever index: it can go on from our log now.
    progress.becomeProbe();
    progress.becomeReplicate();
  }
}
