/** A configuration in terms of processes, as seen from one of them. */
import type { ConfState } from '@mas/raft';
import type { RmId } from '@mas/values';
import { rmOf } from '../replica-id';

export interface Members {
  /** Ascending. */
  readonly voters: readonly RmId[];
  /** Everybody else who takes part in any way, outgoing voters and learners included. */
  readonly peers: readonly RmId[];
  readonly hasSelf: boolean;
}

export function membersOf({ voters, learners, votersOutgoing }: ConfState, self: RmId): Members {
  const all = [...new Set([...voters, ...votersOutgoing, ...learners])].map(rmOf);
  return {
    voters: voters.map(rmOf).sort((a, b) => a - b),
    peers: all.filter((rm) => rm !== self),
    hasSelf: all.includes(self),
  };
}
