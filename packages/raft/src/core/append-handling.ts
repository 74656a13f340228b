/** The follower's side of replication and heartbeats (Raft paper figure 2, AppendEntries receiver). */
import { invariant } from '@mas/values';
import { indexPlus, minIndex, type LogIndex, type NodeId } from '../model/ids';
import type { AppendMessage, HeartbeatMessage } from '../model/message';
import type { Raft } from './raft';

export function handleAppend(raft: Raft, message: AppendMessage): void {
  const { log } = raft;
  if (message.prevIndex < log.committed) {
    // An old or repeated append. What is committed here the leader has too.
    sendAccepted(raft, message.from, log.committed);
    return;
  }
  if (!log.matches(message.prevTerm, message.prevIndex)) {
    rejectAppend(raft, message);
    return;
  }
  appendMissing(raft, message);
  const lastNew = indexPlus(message.prevIndex, message.entries.length);
  // Beyond its last new entry the follower's log may differ from the leader's, whatever the leader committed.
  log.commitTo(minIndex(message.commit, lastNew));
  sendAccepted(raft, message.from, lastNew);
}

export function handleHeartbeat(raft: Raft, message: HeartbeatMessage): void {
  raft.log.commitTo(message.commit);
  raft.outbox.send({
    kind: 'heartbeat-response',
    from: raft.id,
    to: message.from,
    term: raft.term,
    readSequence: message.readSequence,
  });
}

/** "My log is yours up to `index`." Leaves when it is durable. */
export function sendAccepted(raft: Raft, to: NodeId, index: LogIndex): void {
  raft.outbox.sendAfterAppend({ kind: 'append-accepted', from: raft.id, to, term: raft.term, index });
}

/** Entries that are here already are left alone, for a reordered older append must not truncate newer ones. */
function appendMissing(raft: Raft, message: AppendMessage): void {
  const conflict = raft.log.firstConflict(message.entries);
  if (conflict === undefined) return;
  invariant(conflict.index > raft.log.committed, 'a leader never contradicts a committed entry', {
    index: conflict.index,
    committed: raft.log.committed,
    from: message.from,
    term: message.term,
  });
  const skipped = conflict.index - message.prevIndex - 1;
  raft.log.append(skipped === 0 ? message.entries : message.entries.slice(skipped));
}

function rejectAppend(raft: Raft, message: AppendMessage): void {
  const from = minIndex(message.prevIndex, raft.log.lastIndex());
  const hint = raft.log.lastPossibleMatch(from, message.prevTerm);
  raft.tell('debug', () => `rejects the append after ${message.prevIndex} of ${message.from.toString(16)}, hints at ${hint.index}`);
  raft.outbox.sendAfterAppend({
    kind: 'append-rejected',
    from: raft.id,
    to: message.from,
    term: raft.term,
    index: message.prevIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}
