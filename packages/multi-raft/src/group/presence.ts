/**
 * Whether a majority of the voters is there, by what is known of their processes; an incarnation that was replaced is gone. Raft itself only knows that nobody answers: a
 * leader without a quorum steps down after an election timeout, a follower campaigns for ever. Callers must not wait for that, so
 * after the same time they are told; an election, which has its quorum, is never called so.
 */
import type { NodeId } from '@mas/raft';
import type { MissingQuorum } from '@mas/values';
import type { Replica } from './replica';

/** Null while a quorum is there, or has been until less than an election timeout ago. */
export function missingQuorum<Result>(replica: Replica<Result>): MissingQuorum | null {
  const { electionTicks, tickMs } = replica.host.config;
  const { voters, votersOutgoing } = replica.applies.confState;
  for (const half of [voters, votersOutgoing]) {
    const missing = missingOf(replica, half);
    if (missing !== null && missing.forMs >= electionTicks * tickMs) return missing;
  }
  return null;
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
 * A leader that has lost its quorum answers everybody who waits before it steps down: what is in its log may still be
 * committed one day, what is not certainly will not.
 */
export function tickPresence<Result>(replica: Replica<Result>): void {
  if (!replica.isLeader || (replica.pending.size === 0 && replica.queue.length === 0 && replica.reads.size === 0)) return;
  const missing = missingQuorum(replica);
  if (missing === null) return;
  const fate = { kind: 'no-quorum', missing } as const;
  replica.queue.refuseAll(fate);
  replica.reads.failAll(fate);
  replica.pending.abandonAbove(replica.node.basicStatus().commit);
}
