/** A configuration in terms of replicas, as seen from one of them. */
import type { ConfState, NodeId } from '@mas/raft';
import type { BucketId } from '@mas/values';
import { rmOf } from '../replica-id';
import type { LeaderPreference } from '../host-ports';

export interface Members {
  /** Ascending by Resource Manager, then by incarnation. */
  readonly voters: readonly NodeId[];
  /** Everybody else who takes part in any way, outgoing voters and learners included. */
  readonly peers: readonly NodeId[];
  readonly hasSelf: boolean;
}

export function membersOf({ voters, learners, votersOutgoing }: ConfState, self: NodeId): Members {
  const all = [...new Set([...voters, ...votersOutgoing, ...learners])];
  return {
    voters: [...voters].sort((a, b) => rmOf(a) - rmOf(b) || a - b),
    peers: all.filter((node) => node !== self),
    hasSelf: all.includes(self),
  };
}

/**
 * Voters in the order in which they should lead. The order is one of Resource Managers, so that a new incarnation leads what the one
 * before it led; should both have a vote, the newer one goes first.
 */
export function preferredVoters(order: LeaderPreference, group: BucketId, voters: readonly NodeId[]): readonly NodeId[] {
  const rms = [...new Set(voters.map(rmOf))];
  return order(group, rms).flatMap((rm) => voters.filter((node) => rmOf(node) === rm).reverse());
}
