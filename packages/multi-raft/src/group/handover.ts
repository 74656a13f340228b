/**
 * Handing a group's leadership to another process: on request, for balance, because the applied state cannot serve,
 * or because this process stops. First the proposals in flight are finished, so that none gets an unknown fate, then
 * Raft transfers (thesis 3.10). New proposals are refused meanwhile; the whole is given up after a while.
 */
import type { NodeId } from '@mas/raft';
import { describeVerdict } from '@mas/health';
import { ticksIn } from '../config';
import { rmOf } from '../replica-id';
import { preferredVoters } from './members';
import type { Replica } from './replica';

/** A transfer is given up after so long, and does not wait longer for the proposals in flight. */
const GIVE_UP_MS = 2_000;
const DRAIN_MS = 500;

/** @returns whether leadership has moved there. One transfer at a time: a second wish for another peer gets false. */
export function transferTo<Result>(replica: Replica<Result>, to: NodeId): Promise<boolean> {
  if (!replica.isLeader || replica.isRetired || to === replica.host.nodeId || !replica.voters.includes(to) || !replica.host.isAlive(to))
    return Promise.resolve(false);
  const current = replica.transfer;
  if (current !== undefined && current.to !== to) return Promise.resolve(false);
  const transfer = current ?? { to, sinceTick: replica.host.tick(), term: replica.known.term, stage: 'draining' as const, outcome: undefined };
  replica.transfer = transfer;
  replica.wake();
  return replica.waiters.until(() => transfer.outcome);
}

export function tickTransfer<Result>(replica: Replica<Result>): void {
  const { transfer } = replica;
  if (transfer === undefined) return;
  const ticks = replica.host.tick() - transfer.sinceTick;
  const { config } = replica.host;
  if (ticks > ticksIn(config, GIVE_UP_MS)) end(replica, false);
  else if (transfer.stage === 'draining' && ticks > ticksIn(config, DRAIN_MS)) ask(replica);
}

/** At the end of every turn of a group with a transfer on its way. */
export function followTransfer<Result>(replica: Replica<Result>): void {
  const { transfer } = replica;
  if (transfer === undefined) return;
  const { role, leader, term, transferee } = replica.known;
  if (role !== 'leader') {
    // In between there is no leader; the end of the wait is in tickTransfer.
    if (leader !== undefined) end(replica, leader === transfer.to);
  } else if (term !== transfer.term) {
    // It lost the group and has it again, and may have heard of nobody who had it meanwhile: what it wished before is over.
    end(replica, false);
  } else if (transfer.stage === 'draining') {
    if (replica.pending.size === 0 && replica.queue.length === 0) ask(replica);
  } else if (transferee === undefined) {
    end(replica, false);
  }
}

/**
 * A process that ails, or an applied state that cannot serve, makes a poor leader; but only somebody who is well makes a better
 * one. A group that has just got here stays for the hold time, and so does one that could not be handed over.
 */
export function retreatIfAiling<Result>(replica: Replica<Result>): void {
  if (!replica.isLeader || replica.transfer !== undefined) return;
  const ailment = ailmentOf(replica);
  if (ailment === undefined) return;
  const { host } = replica;
  const heldSince = Math.max(replica.leaderSinceTick, replica.retreatedAtTick);
  if (host.tick() - heldSince < ticksIn(host.config, host.config.holdMs)) return;
  const successor = wellSuccessor(replica);
  if (successor === undefined) return;
  replica.retreatedAtTick = host.tick();
  host.logger.warn({ bucket: replica.group, to: rmOf(successor) }, `leadership is handed over: ${ailment}`);
  void transferTo(replica, successor);
}

/** Why this process should not lead the group; undefined: nothing speaks against it. */
export function ailmentOf<Result>({ host, applier }: Replica<Result>): string | undefined {
  const condition = host.condition();
  if (condition.kind === 'ailing') return `this process is ${describeVerdict(condition)}`;
  return applier.healthy() ? undefined : 'the applied state cannot serve';
}

export function wellSuccessor<Result>(replica: Replica<Result>): NodeId | undefined {
  return successors(replica).find((node) => replica.host.isWell(node));
}

/** For a leader that must go: somebody who is well before somebody who is not. */
export function bestSuccessor<Result>(replica: Replica<Result>): NodeId | undefined {
  return wellSuccessor(replica) ?? successors(replica)[0];
}

/** Voters that are alive and have nearly everything, the most preferred first. */
function successors<Result>(replica: Replica<Result>): readonly NodeId[] {
  const { host } = replica;
  return preferredVoters(host.preferredLeaders, replica.group, replica.voters).filter(
    (node) => node !== host.nodeId && host.isAlive(node) && isCloseBehind(replica, node),
  );
}

/** Streaming, and at most a promotion's worth of entries behind. */
export function isCloseBehind<Result>(replica: Replica<Result>, node: NodeId): boolean {
  const { lastIndex } = replica.node.basicStatus();
  let isClose = false;
  replica.node.visitProgress((id, progress) => {
    if (id === node) isClose = progress.state === 'replicate' && lastIndex - progress.match <= replica.host.config.promotionLagEntries;
  });
  return isClose;
}

function ask<Result>(replica: Replica<Result>): void {
  const { transfer } = replica;
  if (transfer === undefined || transfer.stage === 'asked') return;
  transfer.stage = 'asked';
  replica.node.transferLeadership(transfer.to);
  replica.host.schedule(replica.group);
}

function end<Result>(replica: Replica<Result>, outcome: boolean): void {
  if (replica.transfer !== undefined) replica.transfer.outcome = outcome;
  replica.transfer = undefined;
}
