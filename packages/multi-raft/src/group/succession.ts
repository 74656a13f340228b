/**
 * A leader whose process is gone is replaced without waiting for the election timeout. Its followers forget it, so
 * that they no longer defend its lease, and campaign soon: the one that should lead first, the others a little later.
 * It stays an ordinary election: with PreVote a replica that merely lost its own connection wins nothing, for the
 * others still hear the leader.
 */
import type { NodeId } from '@mas/raft';
import { ticksIn } from '../config';
import { ailmentOf } from './handover';
import { preferredVoters } from './members';
import type { Replica } from './replica';

/** The best placed replica campaigns at once, each further one so much later. */
const STAGGER_MS = 80;
/** When processes start, each in its own time, nothing is lost by waiting for the one that should lead. */
const START_STAGGER_MS = 200;
/** One that ails leaves the others the time for an election in which its own slow vote is needed. */
const AILING_MS = 800;
/** One that was refused, because others have not given the leader up yet, tries again so much later. */
const RETRY_MS = 80;
const AFTER_VOTE_MS = 240;
/** As long as one voter may take to find out after another; … */
const MAX_CAMPAIGNS = 15;
/** … then at this pace: what kept them from an election may end without a peer that goes and comes, as when messages were slow, and Raft alone waits for its timeout. */
const STILL_RETRY_MS = 400;

/** The process of this replica is gone or silent. */
export function onPeerLost<Result>(replica: Replica<Result>, peer: NodeId): void {
  if (replica.isRetired) return;
  if (replica.isLeader) {
    if (!replica.peers.includes(peer)) return;
    replica.unreachable.add(peer);
    replica.wake();
    return;
  }
  if (replica.known.leader === peer) succeed(replica, peer);
}

/**
 * A leader has given up in its own term, by presence.ts or by Raft's check: it hears too little of its followers. They may hear it still, and would wait for
 * their timeouts; and it may be the one that can win.
 */
export function onStoodDown<Result>(replica: Replica<Result>): void {
  const { host, group, peers } = replica;
  const { term } = replica.node.basicStatus();
  for (const peer of peers) host.outboxes.givenUp(peer, { group, term });
  if (!replica.isRetired) armCampaign(replica, (node) => isThere(replica, node));
}

/** A leader says that it has given up: it hears no quorum, and who still hears it need not wait. */
export function onGivenUp<Result>(replica: Replica<Result>, from: NodeId, inTerm: number): void {
  const { leader, term, role } = replica.node.basicStatus();
  if (role !== 'leader' && leader === from && term === inTerm) succeed(replica, from);
}

/** Groups that went quiet without it bring it up to date; a group that has no leader may have been waiting for this voter. */
export function onPeerGained<Result>(replica: Replica<Result>, peer: NodeId): void {
  if (replica.isRetired || !replica.peers.includes(peer)) return;
  if (replica.isLeader) replica.wake();
  else if (replica.known.leader === undefined && !isQuick(replica)) armCampaign(replica, (node) => isThere(replica, node));
}

/** A later term has begun, and there is nobody yet who leads in it: whoever began it may be one that cannot win. */
export function onTermWithoutLeader<Result>(replica: Replica<Result>, before: number): void {
  if (replica.isRetired || isQuick(replica)) return;
  armCampaign(replica, (node) => isThere(replica, node), STAGGER_MS, before);
}

/** A replica starts and knows no leader: whoever should lead tries first. Which peers are up is not known yet. */
export function onStart<Result>(replica: Replica<Result>): void {
  armCampaign(replica, () => true, START_STAGGER_MS);
  replica.wake();
}

export function tickSuccession<Result>(replica: Replica<Result>): void {
  if (replica.campaign === undefined) return;
  const { leader } = replica.node.basicStatus();
  if (leader !== undefined) {
    replica.campaign = undefined;
    return;
  }
  replica.campaign.inTicks -= 1;
  if (replica.campaign.inTicks <= 0) campaign(replica);
}

function succeed<Result>(replica: Replica<Result>, lost: NodeId): void {
  replica.node.forgetLeader();
  replica.wake();
  armCampaign(replica, (node) => node !== lost && isThere(replica, node));
  // Without waiting for a tick.
  if (replica.campaign?.inTicks === 0) campaign(replica);
}

function campaign<Result>(replica: Replica<Result>): void {
  if (replica.campaign === undefined) return;
  const { term, vote, id } = replica.node.basicStatus();
  if (term > replica.campaign.sinceTerm && vote !== undefined) {
    // It has just voted, for somebody or for itself: that election is given the time of two fsyncs. One that was split, or whose votes were
    // lost, is held again by one after the other: Raft alone waits for its election timeout.
    const inTicks = ticksIn(replica.host.config, AFTER_VOTE_MS) + (vote === id ? replica.voters.indexOf(id) * ticksIn(replica.host.config, STAGGER_MS) : 0);
    replica.campaign = { ...replica.campaign, sinceTerm: term, inTicks };
    return;
  }
  // A refusal (no voter, an unapplied configuration change) is as good as a lost election: it is tried again.
  replica.node.campaign();
  const { behindTicks, sinceTerm } = replica.campaign;
  const triesLeft = Math.max(0, replica.campaign.triesLeft - 1);
  replica.campaign = { behindTicks, triesLeft, sinceTerm, inTicks: behindTicks + ticksIn(replica.host.config, triesLeft > 0 ? RETRY_MS : STILL_RETRY_MS) };
}

/** It campaigns again soon, whatever happens. */
function isQuick<Result>({ campaign: armed }: Replica<Result>): boolean {
  return armed !== undefined && armed.triesLeft > 0;
}

/** Those that are well go first, in order of preference, then those that ail: if all do, one of them must lead. */
function armCampaign<Result>(
  replica: Replica<Result>,
  isAble: (node: NodeId) => boolean,
  staggerMs = STAGGER_MS,
  sinceTerm: number = replica.node.basicStatus().term,
): void {
  const { host } = replica;
  const able = preferredVoters(host.preferredLeaders, replica.group, replica.voters).filter(isAble);
  const isWell = (node: NodeId): boolean => (node === host.nodeId ? ailmentOf(replica) === undefined : !host.isAiling(node));
  const well = able.filter(isWell);
  const rank = [...well, ...able.filter((node) => !isWell(node))].indexOf(host.nodeId);
  const behindMs = rank * staggerMs + (well.length > 0 && !well.includes(host.nodeId) ? AILING_MS : 0);
  const behindTicks = behindMs === 0 ? 0 : ticksIn(host.config, behindMs);
  replica.campaign = rank < 0 ? undefined : { behindTicks, triesLeft: MAX_CAMPAIGNS, sinceTerm, inTicks: behindTicks };
}

function isThere<Result>({ host }: Replica<Result>, node: NodeId): boolean {
  return node === host.nodeId || host.isAlive(node);
}
