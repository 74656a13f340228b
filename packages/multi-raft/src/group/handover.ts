/**
 * Handing a group's leadership to another process: on request, for balance, because the applied state cannot serve,
 * or because this process stops. First the proposals in flight are finished, so that none gets an unknown fate, then
 * Raft transfers (thesis 3.10). New proposals are refused meanwhile; the whole is given up after two election timeouts.
 */
import type { NodeId } from '@mas/raft';
import { rmOf } from '../replica-id';
import { preferredVoters } from './members';
import type { Replica } from './replica';

/** @returns whether leadership has moved there. One transfer at a time: a second wish for another peer gets false. */
export function transferTo<Result>(replica: Replica<Result>, to: NodeId): Promise<boolean> {
  if (!replica.isLeader || replica.isRetired || to === replica.host.nodeId || !replica.voters.includes(to) || !replica.host.isAlive(to)) return Promise.resolve(false);
  const current = replica.transfer;
  if (current !== undefined && current.to !== to) return Promise.resolve(false);
  const transfer = current ?? { to, sinceTick: replica.host.tick(), stage: 'draining' as const, outcome: undefined };
  replica.transfer = transfer;
  replica.wake();
  return replica.waiters.until(() => transfer.outcome);
}

export function tickTransfer<Result>(replica: Replica<Result>): void {
  const { transfer } = replica;
  if (transfer === undefined) return;
  const ticks = replica.host.tick() - transfer.sinceTick;
  const { electionTicks } = replica.host.config;
  if (ticks > 2 * electionTicks) end(replica, false);
  else if (transfer.stage === 'draining' && ticks > electionTicks / 2) ask(replica);
}

/** At the end of every turn of a group with a transfer on its way. */
export function followTransfer<Result>(replica: Replica<Result>): void {
  const { transfer } = replica;
  if (transfer === undefined) return;
  const { role, leader, transferee } = replica.known;
  if (role !== 'leader') {
    // In between there is no leader; the end of the wait is in tickTransfer.
    if (leader !== undefined) end(replica, leader === transfer.to);
  } else if (transfer.stage === 'draining') {
    if (replica.pending.size === 0 && replica.queue.length === 0) ask(replica);
  } else if (transferee === undefined) {
    end(replica, false);
  }
}

/** An applied state that cannot serve makes a poor leader. */
export function retreatIfUnhealthy<Result>(replica: Replica<Result>): void {
  if (!replica.isLeader || replica.transfer !== undefined || replica.applier.healthy()) return;
  const successor = bestSuccessor(replica);
  if (successor === undefined) return;
  replica.host.logger.warn({ bucket: replica.group, to: rmOf(successor) }, 'the applied state cannot serve: leadership is handed over');
  void transferTo(replica, successor);
}

/** The most preferred voter that is alive and has nearly everything. */
export function bestSuccessor<Result>(replica: Replica<Result>): NodeId | undefined {
  const { host } = replica;
  return preferredVoters(host.preferredLeaders, replica.group, replica.voters).find((node) => node !== host.nodeId && host.isAlive(node) && isCloseBehind(replica, node));
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
