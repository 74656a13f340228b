/**
 * Requests to change the configuration (Raft thesis chapter 4). A version 1 change is one step; a version 2
 * change is a list of steps that is carried out atomically, through joint consensus where needed.
 */
import { NO_DATA } from './entry';
import type { NodeId } from './ids';

/** 'update-node' changes nothing in Raft; applications use it to announce new addresses in `context`. */
export type ConfChangeType = 'add-node' | 'remove-node' | 'update-node' | 'add-learner';

/** A step for this id is skipped: an application writes it over a step that it decided not to carry out. */
export const SKIPPED_NODE = 0;

export interface ConfChangeStep {
  readonly type: ConfChangeType;
  readonly nodeId: NodeId | typeof SKIPPED_NODE;
}

/**
 * auto: one step at a time where that suffices, else joint with auto-leave.
 * joint-implicit: always joint, left by the leader. joint-explicit: always joint, left by a proposal of `leaveJoint()`.
 */
export type ConfChangeTransition = 'auto' | 'joint-implicit' | 'joint-explicit';

export interface ConfChangeV1 {
  readonly kind: 'v1';
  readonly change: ConfChangeStep;
  readonly context: Uint8Array;
}

export interface ConfChangeV2 {
  readonly kind: 'v2';
  readonly transition: ConfChangeTransition;
  readonly changes: readonly ConfChangeStep[];
  readonly context: Uint8Array;
}

export type ConfChange = ConfChangeV1 | ConfChangeV2;

export function confChangeV1(change: ConfChangeStep, context: Uint8Array = NO_DATA): ConfChangeV1 {
  return { kind: 'v1', change, context };
}

export function confChangeV2(changes: readonly ConfChangeStep[], transition: ConfChangeTransition = 'auto', context: Uint8Array = NO_DATA): ConfChangeV2 {
  return { kind: 'v2', transition, changes, context };
}

/** The change that ends a joint configuration. */
export function leaveJoint(context: Uint8Array = NO_DATA): ConfChangeV2 {
  return confChangeV2([], 'auto', context);
}

export function asV2(change: ConfChange): ConfChangeV2 {
  return change.kind === 'v2' ? change : confChangeV2([change.change], 'auto', change.context);
}

/** What a change asks of the configuration. */
export type ConfChangeMode = 'leave-joint' | 'simple' | 'joint' | 'joint-auto-leave';

export function modeOf(change: ConfChangeV2): ConfChangeMode {
  if (change.transition === 'joint-explicit') return 'joint';
  if (change.transition === 'joint-implicit') return 'joint-auto-leave';
  if (change.changes.length === 0) return 'leave-joint';
  // Some lists of several steps would be safe without joint consensus, depending on the configuration
  // they meet. Using it for all of them costs one more entry and keeps the rule independent of that.
  return change.changes.length === 1 ? 'simple' : 'joint-auto-leave';
}
