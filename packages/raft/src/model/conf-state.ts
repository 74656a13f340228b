/** A configuration as it is stored in snapshots: plain ids, ascending. */
import type { NodeId } from './ids';

export interface ConfState {
  /** Voters of the incoming (or only) configuration. */
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Voters of the outgoing configuration; empty unless the configuration is joint. */
  readonly votersOutgoing: readonly NodeId[];
  /** Voters of the outgoing configuration that become learners when it is left. */
  readonly learnersNext: readonly NodeId[];
  /** Joint, and the leader leaves it by itself as soon as that is safe. */
  readonly autoLeave: boolean;
}

export const EMPTY_CONF_STATE: ConfState = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

/** Same members in the same roles, in whatever order they are listed. */
export function sameConfState(left: ConfState, right: ConfState): boolean {
  return (
    sameIds(left.voters, right.voters) &&
    sameIds(left.learners, right.learners) &&
    sameIds(left.votersOutgoing, right.votersOutgoing) &&
    sameIds(left.learnersNext, right.learnersNext) &&
    left.autoLeave === right.autoLeave
  );
}

function sameIds(left: readonly NodeId[], right: readonly NodeId[]): boolean {
  if (left.length !== right.length) return false;
  const sorted = [...right].sort((a, b) => a - b);
  return [...left].sort((a, b) => a - b).every((id, at) => id === sorted[at]);
}
