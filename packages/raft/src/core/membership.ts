/**
 * Changing the configuration, which takes effect when the entry is applied (not when it is appended, as in
 * Raft thesis 4.1; safe because a leader proposes the next change only after the previous one is applied,
 * and a replica does not campaign over an unapplied one).
 */
import { invariant, unreachable } from '@mas/values';
import { changeSimply, enterJoint, leaveJointConfiguration, type ConfChangeRefusal, type Membership, type MembershipResult } from '../confchange/changer';
import { asV2, modeOf, type ConfChange } from '../model/conf-change';
import type { ConfState } from '../model/conf-state';
import { isVoter } from '../quorum/joint';
import { describeConfiguration, toConfState } from '../tracker/configuration';
import type { Raft } from './raft';
import { broadcastAppend, maybeCommit, maybeSendAppend } from './replication';
import { becomeFollower } from './roles';
import { abortTransfer } from './transfer';

/** @throws InvariantViolation when the change is impossible: every replica applies the same log, so all fail alike. */
export function applyConfChange(raft: Raft, change: ConfChange): ConfState {
  // A snapshot that is being installed has put its own, later configuration in force already.
  if (raft.log.unstable.snapshot !== undefined) return toConfState(raft.tracker.configuration);
  const changed = changeMembership(raft, change);
  invariant(changed.ok, 'a committed configuration change can be applied', {
    refusal: changed.ok ? '' : changed.error,
    configuration: describeConfiguration(raft.tracker.configuration),
  });
  return switchTo(raft, changed.value);
}

/** Why a change cannot be applied to the present configuration; undefined when it can. */
export function refusalOf(raft: Raft, change: ConfChange): ConfChangeRefusal | undefined {
  const changed = changeMembership(raft, change);
  return changed.ok ? undefined : changed.error;
}

/** Puts a membership in force, with what follows from it for a leader. */
export function switchTo(raft: Raft, membership: Membership): ConfState {
  const { tracker } = raft;
  tracker.use(membership.configuration, membership.progress);
  raft.tell('info', () => `uses the configuration ${describeConfiguration(tracker.configuration)}`);
  const own = tracker.get(raft.id);
  raft.isLearner = own?.isLearner ?? false;
  const confState = toConfState(tracker.configuration);
  if (!raft.isLeader) return confState;
  if (own === undefined || raft.isLearner) {
    if (raft.config.stepDownOnRemoval) becomeFollower(raft, raft.term, undefined);
    return confState;
  }
  if (confState.voters.length > 0) adjustLeader(raft);
  return confState;
}

function adjustLeader(raft: Raft): void {
  if (maybeCommit(raft)) {
    // A smaller quorum may have committed more.
    broadcastAppend(raft);
  } else {
    // New members need not wait for the next heartbeat.
    for (const id of raft.tracker.members) if (id !== raft.id) maybeSendAppend(raft, id, false);
  }
  const { transferee } = raft;
  if (transferee !== undefined && !isVoter(raft.tracker.configuration.voters, transferee)) abortTransfer(raft);
}

function changeMembership(raft: Raft, change: ConfChange): MembershipResult {
  const { configuration, progress, limits } = raft.tracker;
  const from: Membership = { configuration, progress };
  const context = { lastIndex: raft.log.lastIndex(), limits };
  const v2 = asV2(change);
  const mode = modeOf(v2);
  switch (mode) {
    case 'leave-joint':
      return leaveJointConfiguration(from);
    case 'simple':
      return changeSimply(from, v2.changes, context);
    case 'joint':
      return enterJoint(from, v2.changes, false, context);
    case 'joint-auto-leave':
      return enterJoint(from, v2.changes, true, context);
    default:
      return unreachable(mode, 'mode of a configuration change');
  }
}
