/**
 * Idle groups go quiet: no ticks, no heartbeats, no cost. The leader decides when nothing has happened for a while
 * and everybody it can reach has everything; it says so in a last heartbeat, and a follower goes along if term, log
 * and commit agree. Wake-ups: any message, proposal, read or change; the loss of the leader's process (succession.ts),
 * or of a follower's at the leader. A follower that did not hear the last heartbeat campaigns one day, and its
 * pre-vote wakes the others; so nothing here needs to be reliable.
 */
import type { NodeId } from '@mas/raft';
import { ticksIn } from '../config';
import type { CoalescedHeartbeat } from '../peer-transport';
import type { Replica } from './replica';

/** Once per tick of a group that is awake. */
export function tickQuiescence<Result>(replica: Replica<Result>): void {
  const { config } = replica.host;
  if (config.quiesceAfterMs === 0) return;
  replica.idleTicks += 1;
  if (replica.idleTicks <= ticksIn(config, config.quiesceAfterMs)) return;
  if (!replica.isMember && !replica.isLeader && replica.known.leader === undefined) {
    // Not founded yet, or removed: it neither campaigns nor is heard, until somebody speaks to it.
    becomeQuiet(replica);
  } else if (replica.isLeader && isSettled(replica)) {
    announce(replica);
    becomeQuiet(replica);
  }
}

/**
 * The leader asks to go quiet: does this replica agree with it about everything? And is the leader's process still there? If it
 * died right behind this heartbeat, the end of its connection has been noticed before the heartbeat is looked at here; a group
 * that fell asleep now would hear of no other loss, and sleep without a leader until somebody speaks to it.
 */
export function acceptsQuiesce<Result>(replica: Replica<Result>, from: NodeId, asked: CoalescedHeartbeat): boolean {
  if (!replica.host.isAlive(from)) return false;
  const { role, term, leader, lastIndex, commit } = replica.node.basicStatus();
  return role === 'follower' && leader === from && term === asked.term && commit === asked.commit && lastIndex === asked.commit && replica.inbox.length === 0;
}

export function becomeQuiet<Result>(replica: Replica<Result>): void {
  replica.isQuiet = true;
  replica.idleTicks = 0;
  replica.pendingTicks = 0;
  replica.host.setTicking(replica.group, false);
}

function isSettled<Result>(replica: Replica<Result>): boolean {
  const { lastIndex, commit } = replica.node.basicStatus();
  return (
    commit === lastIndex &&
    replica.applies.applied.index === lastIndex &&
    replica.queue.length === 0 &&
    replica.pending.size === 0 &&
    replica.reads.size === 0 &&
    replica.inbox.length === 0 &&
    replica.writer.isIdle &&
    replica.applies.isIdle &&
    replica.transfer === undefined &&
    !replica.isChangingReplicas &&
    replica.applies.confState.votersOutgoing.length === 0 &&
    replica.applier.healthy() &&
    everybodyReachableHasAll(replica, lastIndex)
  );
}

/**
 * Peers that are not alive are left out, or one dead process would keep all groups of a cluster awake; the leader wakes
 * when such a peer comes back. But a quorum must be there: a leader without one has to stay awake to step down.
 */
function everybodyReachableHasAll<Result>(replica: Replica<Result>, lastIndex: number): boolean {
  const { host } = replica;
  const { voters } = replica.applies.confState;
  let present = 0;
  let isBehind = false;
  replica.node.visitProgress((id, progress) => {
    const isSelf = id === host.nodeId;
    if (!isSelf && !host.isAlive(id)) return;
    if (!isSelf && (progress.state !== 'replicate' || progress.match !== lastIndex)) isBehind = true;
    if (voters.includes(id)) present += 1;
  });
  return !isBehind && present > voters.length / 2;
}

function announce<Result>(replica: Replica<Result>): void {
  const { host, group } = replica;
  const { term, commit } = replica.node.basicStatus();
  for (const peer of replica.peers) {
    if (!host.isAlive(peer)) continue;
    host.outboxes.heartbeat(group, { kind: 'heartbeat', from: host.nodeId, to: peer, term, commit, readSequence: 0 }, true);
  }
}
