/**
 * Whether a majority of the voters is there, by what is known of their processes; an incarnation that was replaced is gone. Raft itself only knows that nobody answers: a
 * leader without a quorum steps down after an election timeout, a follower campaigns for ever. A leader need not wait for that, nor
 * must callers: they are told after a while; an election, which has its quorum, is never called so.
 */
import type { NodeId } from '@mas/raft';
import type { MissingQuorum } from '@mas/values';
import type { Replica } from './replica';

/** Null while a quorum is there, or has been until just now. */
export function missingQuorum<Result>(replica: Replica<Result>): MissingQuorum | null {
  const missing = missingSince(replica);
  return missing !== null && missing.forMs >= replica.host.config.noQuorumMs ? missing : null;
}

/** Of a joint configuration the half that has missed its quorum for longer. */
function missingSince<Result>(replica: Replica<Result>): MissingQuorum | null {
  const { voters, votersOutgoing } = replica.applies.confState;
  const [one, other] = [missingOf(replica, voters), missingOf(replica, votersOutgoing)];
  if (one === null || other === null) return one ?? other;
  return one.forMs >= other.forMs ? one : other;
}

function missingOf<Result>({ host }: Replica<Result>, voters: readonly NodeId[]): MissingQuorum | null {
  const needed = Math.floor(voters.length / 2) + 1;
  const goneForMs: number[] = [];
  for (const voter of voters) {
    const forMs = voter === host.nodeId ? null : host.goneForMs(voter);
    if (forMs !== null) goneForMs.push(forMs);
  }
  const up = voters.length - goneForMs.length;
  if (up >= needed || voters.length === 0) return null;
  // The one whose loss broke the quorum: so many had gone before it.
  goneForMs.sort((a, b) => b - a);
  return { up, of: voters.length, needed, forMs: goneForMs[voters.length - needed] ?? 0 };
}

/**
 * A leader that hears no quorum steps down before Raft's own check finds out: what it hears nothing of may be a network that passes one
 * way only. What is in its log may still be committed one day.
 */
export function giveUpWithoutQuorum<Result>(replica: Replica<Result>): void {
  if (!replica.isLeader) return;
  const { host, node, group } = replica;
  const { term, role } = node.basicStatus();
  const missing = missingSince(replica);
  if (missing === null || missing.forMs < host.config.minSilenceMs || role !== 'leader') return;
  host.logger.warn({ bucket: group, term, ...missing }, 'steps down: no quorum is heard');
  node.stepDown();
}
