/**
 * A leader whose process is gone is replaced without waiting for the election timeout. Its followers forget it, so
 * that they no longer defend its lease, and campaign soon: the one that should lead first, the others a little later.
 * It stays an ordinary election: with PreVote a replica that merely lost its own connection wins nothing, for the
 * others still hear the leader.
 */
import type { NodeId } from '@mas/raft';
import { preferredVoters } from './members';
import type { Replica } from './replica';

/** The best placed replica campaigns after so many ticks, each further one so many later. */
const FIRST_CAMPAIGN_TICKS = 1;
const STAGGER_TICKS = 2;
/** Then Raft's own, randomized timeout takes over. */
const MAX_CAMPAIGNS = 3;

/** The process of this replica is gone, or silent for an election timeout. */
export function onPeerLost<Result>(replica: Replica<Result>, peer: NodeId): void {
  if (replica.isRetired) return;
  if (replica.isLeader) {
    if (!replica.peers.includes(peer)) return;
    replica.unreachable.add(peer);
    replica.wake();
    return;
  }
  if (replica.known.leader !== peer) return;
  const { host } = replica;
  replica.node.forgetLeader();
  replica.wake();
  armCampaign(replica, (node) => node === host.nodeId || host.isAlive(node));
}

/** A replica starts and knows no leader: whoever should lead tries first. Which peers are up is not known yet. */
export function onStart<Result>(replica: Replica<Result>): void {
  armCampaign(replica, () => true);
  replica.wake();
}

export function tickSuccession<Result>(replica: Replica<Result>): void {
  if (replica.campaign === undefined) return;
  const { leader, role } = replica.node.basicStatus();
  if (leader !== undefined) {
    replica.campaign = undefined;
    return;
  }
  replica.campaign.inTicks -= 1;
  if (replica.campaign.inTicks > 0) return;
  // A refusal (no voter, an unapplied configuration change) is as good as a lost election: it is tried again.
  if (role !== 'candidate') replica.node.campaign();
  const { rank, triesLeft } = replica.campaign;
  replica.campaign = triesLeft > 1 ? { rank, triesLeft: triesLeft - 1, inTicks: ticksFor(rank) + STAGGER_TICKS } : undefined;
}

/** A replica that could not serve leaves it to the others; Raft's time-out still makes it campaign if they do not. */
function armCampaign<Result>(replica: Replica<Result>, isAble: (node: NodeId) => boolean): void {
  const { host } = replica;
  const order = preferredVoters(host.preferredLeaders, replica.group, replica.voters).filter(isAble);
  const rank = order.indexOf(host.nodeId);
  replica.campaign = rank < 0 || !replica.applier.healthy() ? undefined : { rank, triesLeft: MAX_CAMPAIGNS, inTicks: ticksFor(rank) };
}

function ticksFor(rank: number): number {
  return FIRST_CAMPAIGN_TICKS + STAGGER_TICKS * rank;
}
