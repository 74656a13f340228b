/** Ready, roles and progress in the notation of the traces. */
import type { Message, NodeId, ProgressStatus, Ready, Role } from '@mas/raft';
import { describeEntries, describeMessage, describeSnapshot } from './describe-message';

const ROLES: Readonly<Record<Role, string>> = {
  follower: 'StateFollower',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
  'pre-candidate': 'StatePreCandidate',
};
const PROGRESS_STATES: Readonly<Record<ProgressStatus['state'], string>> = {
  probe: 'StateProbe',
  replicate: 'StateReplicate',
  snapshot: 'StateSnapshot',
};

export function describeRole(role: Role): string {
  return ROLES[role];
}

export function describeReady(ready: Ready): string {
  const { softState, hardState, readStates, entries, snapshot, committedEntries } = ready;
  let text = '';
  if (softState !== undefined) text += `Lead:${softState.leader ?? 0} State:${ROLES[softState.role]}\n`;
  if (hardState !== undefined) {
    const vote = hardState.vote === undefined ? '' : ` Vote:${hardState.vote}`;
    text += `HardState Term:${hardState.term}${vote} Commit:${hardState.commit}\n`;
  }
  if (readStates.length > 0) {
    text += `ReadStates [${readStates.map(({ index, context }) => `{${index} [${context.join(' ')}]}`).join(' ')}]\n`;
  }
  if (entries.length > 0) text += `Entries:\n${describeEntries(entries)}`;
  if (snapshot !== undefined && snapshot.metadata.index > 0) text += `Snapshot ${describeSnapshot(snapshot.metadata)}\n`;
  if (committedEntries.length > 0) text += `CommittedEntries:\n${describeEntries(committedEntries)}`;
  const messages = messagesOf(ready);
  if (messages.length > 0) text += `Messages:\n${messages.map((message) => `${describeMessage(message)}\n`).join('')}`;
  return text === '' ? '<empty Ready>' : `Ready MustSync=${ready.mustSync}:\n${text}`;
}

/** All that leaves with a Ready, in the one list that the traces know. */
export function messagesOf(ready: Ready): readonly Message[] {
  const { messages, messagesAfterAppend, storageAppend, storageApply } = ready;
  const storage = [storageAppend, storageApply].filter((message) => message !== undefined);
  return [...messages, ...messagesAfterAppend, ...storage];
}

/** One line per member, by ascending id. */
export function describeProgress(progress: ReadonlyMap<NodeId, ProgressStatus>): string {
  const members = [...progress].sort(([left], [right]) => left - right);
  return members.map(([id, one]) => `${id}: ${describeOne(one)}\n`).join('');
}

function describeOne(progress: ProgressStatus): string {
  const parts = [`${PROGRESS_STATES[progress.state]} match=${progress.match} next=${progress.next}`];
  if (progress.isLearner) parts.push('learner');
  if (progress.paused) parts.push('paused');
  if (progress.pendingSnapshot > 0) parts.push(`pendingSnap=${progress.pendingSnapshot}`);
  if (!progress.recentActive) parts.push('inactive');
  if (progress.inflightMessages > 0) parts.push(`inflight=${progress.inflightMessages}${progress.inflightFull ? '[full]' : ''}`);
  return parts.join(' ');
}
