/**
 * Proposals: who may take them, forwarding, and the checks on configuration changes (thesis 4.1: one at a time).
 * All entries of one call are taken, consecutively, or none is.
 */
import { err, invariant, ok } from '@mas/values';
import type { ProposalDropped, ProposalResult } from '../api/raft-node';
import { asV2 } from '../model/conf-change';
import { decodeConfChange } from '../model/conf-change-codec';
import { indexPlus, type LogIndex, type NodeId } from '../model/ids';
import type { ProposedEntry } from '../model/message';
import { describeConfiguration, isJoint } from '../tracker/configuration';
import { appendAsLeader, EMPTY_ENTRY } from './leader-log';
import { refusalOf } from './membership';
import type { Raft } from './raft';
import { broadcastAppend } from './replication';

/** @param from the replica that the proposal comes from: this one, or the follower that forwarded it. */
export function propose(raft: Raft, entries: readonly ProposedEntry[], from: NodeId): ProposalResult {
  invariant(entries.length > 0, 'a proposal has at least one entry');
  if (raft.isLeader) return proposeAsLeader(raft, entries);
  const { leader } = raft;
  if (leader === undefined || raft.role !== 'follower') return dropped(raft, 'no-leader');
  if (raft.config.disableProposalForwarding) return dropped(raft, 'forwarding-disabled');
  raft.outbox.send({ kind: 'propose', from, to: leader, entries });
  return ok({ kind: 'forwarded', to: leader });
}

/**
 * A joint configuration with auto-leave is left once the change that entered it is applied. Tried again with
 * every applied entry, for a leadership transfer may drop it.
 */
export function maybeLeaveJoint(raft: Raft): void {
  if (!raft.isLeader || !raft.tracker.configuration.autoLeave || raft.log.applied < raft.pendingConfIndex) return;
  proposeAsLeader(raft, [{ type: 'conf-change-v2', data: EMPTY_ENTRY.data }]);
}

function proposeAsLeader(raft: Raft, entries: readonly ProposedEntry[]): ProposalResult {
  if (raft.tracker.get(raft.id) === undefined) return dropped(raft, 'not-a-member');
  if (raft.transferee !== undefined) return dropped(raft, 'transfer-in-progress');
  const firstIndex = indexPlus(raft.log.lastIndex(), 1);
  const vetted = entries.some((entry) => entry.type !== 'normal') ? entries.map((entry, at) => vetConfChange(raft, entry, indexPlus(firstIndex, at))) : entries;
  if (!appendAsLeader(raft, vetted)) return dropped(raft, 'uncommitted-limit');
  broadcastAppend(raft);
  return ok({ kind: 'appended', term: raft.term, firstIndex });
}

/** A change that may not go now becomes an empty entry: it keeps its place in the log, and does nothing. */
function vetConfChange(raft: Raft, entry: ProposedEntry, index: LogIndex): ProposedEntry {
  if (entry.type === 'normal') return entry;
  const problem = confChangeProblem(raft, entry);
  if (problem !== undefined && !raft.config.disableConfChangeValidation) {
    raft.tell('info', () => `ignores a configuration change at ${describeConfiguration(raft.tracker.configuration)}: ${problem}`);
    return EMPTY_ENTRY;
  }
  raft.pendingConfIndex = index;
  return entry;
}

function confChangeProblem(raft: Raft, entry: ProposedEntry): string | undefined {
  const change = asV2(decodeConfChange(entry));
  if (raft.pendingConfIndex > raft.log.applied) {
    return `the change at ${raft.pendingConfIndex} may be unapplied (applied: ${raft.log.applied})`;
  }
  const leaves = change.changes.length === 0;
  const joint = isJoint(raft.tracker.configuration);
  if (joint && !leaves) return 'the joint configuration must be left first';
  if (!joint && leaves) return 'there is no joint configuration to leave';
  // Every earlier change is applied, so this one will meet the configuration of now. One that cannot be carried
  // out must not get into the log, where every replica would stop at it. (etcd finds out there.)
  return refusalOf(raft, change);
}

function dropped(raft: Raft, reason: ProposalDropped): ProposalResult {
  raft.tell('debug', () => `drops a proposal: ${reason}`);
  return err(reason);
}
