/**
 * Cores broken in one rule each, as a change of one place in the source, and the story that must notice. The
 * production code has no switch for any of this: mutants are made from a copy of the sources (mutants.long.test.ts).
 */
export interface Mutant {
  readonly rule: string;
  /** Below the src of packages/raft. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Name of the scenario that fails for it. */
  readonly caughtBy: string;
  /** Whether random schedules are expected to find it too, within the few seeds that the check runs. */
  readonly schedulesCatch: boolean;
}

export const mutants: readonly Mutant[] = [
  {
    rule: 'commits entries of earlier terms by counting',
    file: 'log/raft-log.ts',
    find: '|| index <= this.commitIndex || !this.matches(term, index)) return false;',
    replace: '|| index <= this.commitIndex) return false;',
    caughtBy: 'an entry of an earlier term is not committed by counting (Raft paper figure 8)',
    schedulesCatch: true,
  },
  {
    rule: 'votes twice in one term',
    file: 'core/election.ts',
    find: '(raft.vote === undefined && raft.leader === undefined)',
    replace: 'raft.leader === undefined',
    caughtBy: 'a second candidate of one term gets no vote',
    schedulesCatch: true,
  },
  {
    rule: 'forgets its vote in a crash',
    file: 'core/raft.ts',
    find: 'this.vote = hardState.vote;',
    replace: '',
    caughtBy: 'a vote outlives a crash',
    schedulesCatch: false,
  },
  {
    rule: 'votes for candidates with a shorter log',
    file: 'log/raft-log.ts',
    find: '(theirs.term === ours.term && theirs.index >= ours.index)',
    replace: 'theirs.term === ours.term',
    caughtBy: 'a candidate with a shorter log of the same term gets no vote',
    schedulesCatch: true,
  },
  {
    rule: 'applies entries that are not durable in asynchronous mode',
    file: 'node/ready-source.ts',
    find: 'return !this.raft.config.asyncStorageWrites;',
    replace: 'return true;',
    caughtBy: 'entries are applied only once they are durable here (asynchronous storage)',
    schedulesCatch: true,
  },
  {
    rule: 'does not clamp the commit index to the last new entry',
    file: 'core/append-handling.ts',
    find: 'log.commitTo(minIndex(message.commit, lastNew));',
    replace: 'log.commitTo(minIndex(message.commit, log.lastIndex()));',
    caughtBy: 'a follower commits no further than its last new entry',
    schedulesCatch: false,
  },
  {
    rule: 'campaigns over an unapplied configuration change',
    file: 'core/election.ts',
    find: "return hasUnappliedConfChange(raft) ? 'conf-change-unapplied' : undefined;",
    replace: 'void hasUnappliedConfChange; return undefined;',
    caughtBy: 'nobody campaigns over a committed configuration change that is not applied',
    schedulesCatch: false,
  },
  {
    rule: 'takes proposals during a leadership transfer',
    file: 'core/proposals.ts',
    find: "if (raft.transferee !== undefined) return dropped(raft, 'transfer-in-progress');",
    replace: '',
    caughtBy: 'during a leadership transfer proposals are dropped, and taken again when it is given up',
    schedulesCatch: false,
  },
  {
    rule: 'believes a storage answer of an earlier term about entries',
    file: 'core/storage-responses.ts',
    find: 'message.stable !== undefined && message.term === raft.term',
    replace: 'message.stable !== undefined',
    caughtBy: 'a late answer of the storage from an earlier term says nothing about entries (the A-B-A race)',
    schedulesCatch: false,
  },
  {
    rule: 'does not compare terms when entries become durable',
    file: 'log/unstable.ts',
    find: 'if (id.index < this.first || this.term(id.index) !== id.term) return;',
    replace: 'if (id.index < this.first || this.term(id.index) === undefined) return;',
    caughtBy: 'entries become durable only when the written entry is the one in the log (term check)',
    schedulesCatch: false,
  },
  {
    rule: 'sends vote requests before they are durable',
    file: 'node/ready-source.ts',
    find: "messages.findIndex((message) => message.kind === 'vote')",
    replace: '-1 as number',
    caughtBy: 'a request for votes, and what it claims, is durable before it leaves (asynchronous storage)',
    schedulesCatch: true,
  },
  {
    rule: 'acknowledges and votes before the write',
    file: 'core/outbox.ts',
    find: 'this.afterAppendList.push(message);',
    replace: 'this.immediateList.push(message as never);',
    caughtBy: 'an acknowledgement leaves after the write, never before (synchronous storage)',
    schedulesCatch: true,
  },
  {
    rule: 'cuts its log off at every append',
    file: 'log/raft-log.ts',
    find: 'for (const entry of entries) if (!this.matches(entry.term, entry.index)) return entry;',
    replace: 'for (const entry of entries) if (entry.index > this.commitIndex) return entry;',
    caughtBy: 'an older append that arrives late does not cut newer entries off',
    schedulesCatch: true,
  },
  {
    rule: 'tells followers of commits that they may not have',
    file: 'core/heartbeat.ts',
    find: 'minIndex(progress.match, raft.log.committed)',
    replace: '(minIndex, raft.log.committed)',
    caughtBy: 'a heartbeat never carries a commit beyond what the follower is known to have',
    schedulesCatch: true,
  },
  {
    rule: 'answers reads before the first commit of its term',
    file: 'core/reads.ts',
    find: 'if (hasCommittedInOwnTerm(raft)) {',
    replace: 'if (raft.isLeader) {',
    caughtBy: 'a read waits for the first commit of the leader’s term, then for a round of heartbeats',
    schedulesCatch: true,
  },
  {
    rule: 'answers reads after any one heartbeat answer',
    file: 'core/read-queue.ts',
    find: 'Math.min(jointCommittedIndex(voters, this) - this.confirmedCount, this.waiting.length)',
    replace: '(void jointCommittedIndex, void voters, this.waiting.length)',
    caughtBy: 'a read is not answered before a quorum has confirmed the leader',
    schedulesCatch: false,
  },
  {
    rule: 'lets a heartbeat confirm reads that came after it',
    file: 'core/read-queue.ts',
    find: 'this.acks.set(from, maxIndex(this.acks.get(from) ?? acked, acked));',
    replace: 'void maxIndex; this.acks.set(from, Math.max(acked, this.newestSequence) as LogIndex);',
    caughtBy: 'a heartbeat from before a read does not confirm it',
    schedulesCatch: false,
  },
  {
    rule: 'has no limit of uncommitted bytes',
    file: 'core/leader-log.ts',
    find: 'raft.uncommittedBytes + bytes > raft.config.maxUncommittedBytes',
    replace: 'raft.config.maxUncommittedBytes < 0',
    caughtBy: 'beyond the limit of uncommitted bytes proposals are dropped until some are applied',
    schedulesCatch: false,
  },
  {
    rule: 'has no limit of bytes in flight',
    file: 'tracker/inflights.ts',
    find: '|| this.bytes >= this.maxBytes',
    replace: '|| this.maxBytes < 0',
    caughtBy: 'the bytes in flight to one follower are bounded',
    schedulesCatch: false,
  },
  {
    rule: 'forwards proposals although that is switched off',
    file: 'core/proposals.ts',
    find: "if (raft.config.disableProposalForwarding) return dropped(raft, 'forwarding-disabled');",
    replace: '',
    caughtBy: 'a follower forwards, unless that is switched off',
    schedulesCatch: false,
  },
  {
    rule: 'proposes a configuration change over an unapplied one',
    file: 'core/proposals.ts',
    find: 'if (raft.pendingConfIndex > raft.log.applied) {',
    replace: 'if (raft.pendingConfIndex < 0) {',
    caughtBy: 'a second configuration change waits until the first is applied',
    schedulesCatch: true,
  },
  {
    rule: 'lets impossible configuration changes into the log',
    file: 'core/proposals.ts',
    find: 'return refusalOf(raft, change);',
    replace: 'void refusalOf; return undefined;',
    caughtBy: 'a change that no replica could apply does not get into the log',
    schedulesCatch: false,
  },
  {
    rule: 'applies changes from before a snapshot to the snapshot’s configuration',
    file: 'core/membership.ts',
    find: 'if (raft.log.unstable.snapshot !== undefined) return toConfState(raft.tracker.configuration);',
    replace: '',
    caughtBy: 'while a snapshot is installed, changes from before it do not touch its configuration',
    schedulesCatch: false,
  },
];
