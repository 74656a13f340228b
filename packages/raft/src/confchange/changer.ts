/**
 * Configuration changes as a function: (configuration, progress, steps) → new ones, or a refusal by name
 * (Raft thesis 4.1 one step at a time, 4.3 joint). Nothing is changed in place; a refused change leaves no trace.
 */
import { err, invariant, ok, present, unreachable, type Result } from '@mas/values';
import { SKIPPED_NODE, type ConfChangeStep } from '../model/conf-change';
import { maxIndex, ZERO_INDEX, type LogIndex, type NodeId } from '../model/ids';
import { allVoters } from '../quorum/joint';
import { EMPTY_MAJORITY, majority, type Majority } from '../quorum/majority';
import { isJoint, type Configuration } from '../tracker/configuration';
import { Progress, type InflightLimits } from '../tracker/progress';
import type { ProgressMap } from '../tracker/tracker';

export type ConfChangeRefusal = 'already-joint' | 'not-joint' | 'zero-voters-joint' | 'simple-while-joint' | 'removed-all-voters' | 'several-voters-changed';

export interface Membership {
  readonly configuration: Configuration;
  readonly progress: ProgressMap;
}

export interface ChangeContext {
  /** Where a new member is probed first. */
  readonly lastIndex: LogIndex;
  readonly limits: InflightLimits;
}

export type MembershipResult = Result<Membership, ConfChangeRefusal>;

/** Changes at most one voter, without a joint phase. */
export function changeSimply(from: Membership, steps: readonly ConfChangeStep[], context: ChangeContext): MembershipResult {
  if (isJoint(from.configuration)) return err('simple-while-joint');
  const draft = new Draft(from, context, EMPTY_MAJORITY);
  draft.carryOut(steps);
  if (draft.incoming.size === 0) return err('removed-all-voters');
  if (symmetricDifference(from.configuration.voters.incoming, draft.incoming) > 1) return err('several-voters-changed');
  return ok(draft.result(false));
}

/** Keeps the present voters as the outgoing half and changes the incoming half. */
export function enterJoint(from: Membership, steps: readonly ConfChangeStep[], autoLeave: boolean, context: ChangeContext): MembershipResult {
  if (isJoint(from.configuration)) return err('already-joint');
  const present = from.configuration.voters.incoming;
  if (present.length === 0) return err('zero-voters-joint');
  const draft = new Draft(from, context, present);
  draft.carryOut(steps);
  return draft.incoming.size === 0 ? err('removed-all-voters') : ok(draft.result(autoLeave));
}

/** Drops the outgoing half; its members that have no other role are forgotten. */
export function leaveJointConfiguration(from: Membership): MembershipResult {
  if (!isJoint(from.configuration)) return err('not-joint');
  const { voters, learners, learnersNext } = from.configuration;
  const progress = copyProgress(from.progress);
  for (const id of learnersNext) present(progress.get(id), `progress of ${id}`).isLearner = true;
  const allLearners = majority([...learners, ...learnersNext]);
  for (const id of voters.outgoing) {
    if (!voters.incoming.includes(id) && !allLearners.includes(id)) progress.delete(id);
  }
  return ok(
    checked({
      configuration: {
        voters: { incoming: voters.incoming, outgoing: EMPTY_MAJORITY },
        learners: allLearners,
        learnersNext: [],
        autoLeave: false,
      },
      progress,
    }),
  );
}

/** The membership under construction. */
class Draft {
  readonly incoming: Set<NodeId>;
  private readonly learners: Set<NodeId>;
  private readonly learnersNext: Set<NodeId>;
  private readonly progress: Map<NodeId, Progress>;

  constructor(
    from: Membership,
    private readonly context: ChangeContext,
    private readonly outgoing: Majority,
  ) {
    checked(from);
    this.incoming = new Set(from.configuration.voters.incoming);
    this.learners = new Set(from.configuration.learners);
    this.learnersNext = new Set(from.configuration.learnersNext);
    this.progress = copyProgress(from.progress);
  }

  carryOut(steps: readonly ConfChangeStep[]): void {
    for (const { type, nodeId } of steps) {
      if (nodeId === SKIPPED_NODE) continue;
      if (type === 'add-node') this.makeVoter(nodeId);
      else if (type === 'add-learner') this.makeLearner(nodeId);
      else if (type === 'remove-node') this.remove(nodeId);
      else if (type !== 'update-node') unreachable(type, 'configuration change');
    }
  }

  result(autoLeave: boolean): Membership {
    return checked({
      configuration: {
        voters: { incoming: majority(this.incoming), outgoing: this.outgoing },
        learners: majority(this.learners),
        learnersNext: majority(this.learnersNext),
        autoLeave,
      },
      progress: this.progress,
    });
  }

  private makeVoter(id: NodeId): void {
    const known = this.progress.get(id);
    this.incoming.add(id);
    if (known === undefined) {
      this.startProgress(id, false);
      return;
    }
    known.isLearner = false;
    this.learners.delete(id);
    this.learnersNext.delete(id);
  }

  private makeLearner(id: NodeId): void {
    const known = this.progress.get(id);
    if (known === undefined) {
      this.learners.add(id);
      this.startProgress(id, true);
      return;
    }
    if (known.isLearner) return;
    this.remove(id);
    this.progress.set(id, known);
    // A voter of the outgoing half stays one until that half is left.
    if (this.outgoing.includes(id)) {
      this.learnersNext.add(id);
    } else {
      known.isLearner = true;
      this.learners.add(id);
    }
  }

  private remove(id: NodeId): void {
    if (!this.progress.has(id)) return;
    this.incoming.delete(id);
    this.learners.delete(id);
    this.learnersNext.delete(id);
    if (!this.outgoing.includes(id)) this.progress.delete(id);
  }

  private startProgress(id: NodeId, isLearner: boolean): void {
    const next = maxIndex(this.context.lastIndex, 1 as LogIndex);
    const progress = new Progress(next, isLearner, this.context.limits);
    // Without this a quorum check before its first word would count the newcomer as dead.
    progress.recentActive = true;
    progress.match = ZERO_INDEX;
    this.progress.set(id, progress);
  }
}

function copyProgress(progress: ProgressMap): Map<NodeId, Progress> {
  const copy = new Map<NodeId, Progress>();
  for (const [id, one] of progress) copy.set(id, one.twin());
  return copy;
}

function symmetricDifference(before: Majority, after: ReadonlySet<NodeId>): number {
  const kept = before.filter((id) => after.has(id)).length;
  return before.length - kept + (after.size - kept);
}

function checked(membership: Membership): Membership {
  const { configuration, progress } = membership;
  const { voters, learners, learnersNext, autoLeave } = configuration;
  for (const id of [...allVoters(voters), ...learners, ...learnersNext]) {
    invariant(progress.has(id), 'every member has a progress', { id });
  }
  for (const id of learnersNext) {
    invariant(voters.outgoing.includes(id), 'a staged learner is an outgoing voter', { id });
    invariant(progress.get(id)?.isLearner === false, 'a staged learner is no learner yet', { id });
  }
  for (const id of learners) {
    invariant(!allVoters(voters).includes(id), 'a learner is no voter', { id });
    invariant(progress.get(id)?.isLearner === true, 'a learner is marked as one', { id });
  }
  if (!isJoint(configuration)) {
    invariant(learnersNext.length === 0 && !autoLeave, 'only a joint configuration has anything to leave');
  }
  return membership;
}
