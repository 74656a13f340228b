/**
 * The configuration in force. Invariants (checked by the changer): learners and voters of either half do not
 * overlap; learnersNext are voters of the outgoing half; without an outgoing half, learnersNext is empty and
 * autoLeave false. Lists are ascending.
 */
import type { ConfState } from '../model/conf-state';
import type { NodeId } from '../model/ids';
import type { JointVoters } from '../quorum/joint';
import { EMPTY_MAJORITY } from '../quorum/majority';

export interface Configuration {
  readonly voters: JointVoters;
  readonly learners: readonly NodeId[];
  /** Voters that become learners when the outgoing half is left: until then they cannot be both. */
  readonly learnersNext: readonly NodeId[];
  readonly autoLeave: boolean;
}

export const EMPTY_CONFIGURATION: Configuration = {
  voters: { incoming: EMPTY_MAJORITY, outgoing: EMPTY_MAJORITY },
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export function isJoint(configuration: Configuration): boolean {
  return configuration.voters.outgoing.length > 0;
}

export function toConfState(configuration: Configuration): ConfState {
  return {
    voters: configuration.voters.incoming,
    votersOutgoing: configuration.voters.outgoing,
    learners: configuration.learners,
    learnersNext: configuration.learnersNext,
    autoLeave: configuration.autoLeave,
  };
}

/** For people: `voters=(1 2 3)&&(1 2) learners=(4) autoleave`, ids in hexadecimal. */
export function describeConfiguration(configuration: Configuration): string {
  const { voters, learners, learnersNext, autoLeave } = configuration;
  const parts = [`voters=${ids(voters.incoming)}${voters.outgoing.length > 0 ? `&&${ids(voters.outgoing)}` : ''}`];
  if (learners.length > 0) parts.push(`learners=${ids(learners)}`);
  if (learnersNext.length > 0) parts.push(`learners_next=${ids(learnersNext)}`);
  if (autoLeave) parts.push('autoleave');
  return parts.join(' ');
}

function ids(list: readonly NodeId[]): string {
  return `(${list.map((id) => id.toString(16)).join(' ')})`;
}
