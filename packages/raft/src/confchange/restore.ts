/**
 * From a stored ConfState back to a membership. It is rebuilt by the same changes that a log would carry, so
 * that every rule of the changer has been checked: first the outgoing voters one by one, then into the joint
 * configuration with the incoming ones. Which learners existed before the joint phase is not stored, and
 * makes no difference.
 */
import { invariant } from '@mas/values';
import type { ConfChangeStep } from '../model/conf-change';
import type { ConfState } from '../model/conf-state';
import { EMPTY_CONFIGURATION } from '../tracker/configuration';
import { changeSimply, enterJoint, type ChangeContext, type Membership } from './changer';

/** @throws InvariantViolation when no sequence of changes leads to such a state. */
export function restoreMembership(confState: ConfState, context: ChangeContext): Membership {
  const arriving: readonly ConfChangeStep[] = [
    ...confState.voters.map((nodeId) => ({ type: 'add-node', nodeId }) as const),
    ...confState.learners.map((nodeId) => ({ type: 'add-learner', nodeId }) as const),
    ...confState.learnersNext.map((nodeId) => ({ type: 'add-learner', nodeId }) as const),
  ];
  const empty: Membership = { configuration: EMPTY_CONFIGURATION, progress: new Map() };
  if (confState.votersOutgoing.length === 0) return oneByOne(empty, arriving, context);

  const outgoing = oneByOne(
    empty,
    confState.votersOutgoing.map((nodeId) => ({ type: 'add-node', nodeId }) as const),
    context,
  );
  const leaving = confState.votersOutgoing.map((nodeId) => ({ type: 'remove-node', nodeId }) as const);
  const joint = enterJoint(outgoing, [...leaving, ...arriving], confState.autoLeave, context);
  invariant(joint.ok, 'a stored joint configuration can be entered again', { refusal: joint.ok ? '' : joint.error });
  return joint.value;
}

function oneByOne(from: Membership, steps: readonly ConfChangeStep[], context: ChangeContext): Membership {
  let membership = from;
  for (const step of steps) {
    const changed = changeSimply(membership, [step], context);
    invariant(changed.ok, 'a stored configuration can be built up again', { refusal: changed.ok ? '' : changed.error });
    membership = changed.value;
  }
  return membership;
}
