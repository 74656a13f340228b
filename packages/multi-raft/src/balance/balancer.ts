/**
 * Keeps leaders where they should be: a leader that is not the group's first choice among the processes that are well
 * hands over to that one, when it has everything and has been up for a while. A few groups per round. A group that
 * comes back soon (the preferred process cannot serve it) is left alone twice as long each time: it must not flap.
 */
import { isCloseBehind, transferTo } from '../group/handover';
import type { Replica } from '../group/replica';
import { preferredVoters } from '../group/members';
import type { NodeId } from '@mas/raft';

const MAX_SETBACKS = 6;
/** A group that comes back within so many hold times was not well placed over there. */
const SETBACK_WITHIN_HOLDS = 10;

export interface BalanceView {
  readonly holdTicks: number;
  readonly maxTransfers: number;
  readonly tick: number;
  readonly holdMs: number;
}

/** @returns how many transfers were begun. */
export function balance<Result>(replicas: Iterable<Replica<Result>>, view: BalanceView): number {
  let begun = 0;
  for (const replica of replicas) {
    if (begun >= view.maxTransfers) break;
    const to = preferredSuccessor(replica, view);
    if (to === undefined) continue;
    begun += 1;
    replica.balancedAtTick = view.tick;
    void transferTo(replica, to);
  }
  return begun;
}

function preferredSuccessor<Result>(replica: Replica<Result>, view: BalanceView): NodeId | undefined {
  if (!replica.isLeader || replica.isRetired || replica.isChangingReplicas || replica.transfer !== undefined) return undefined;
  const { host } = replica;
  const preferred = preferredVoters(host.preferredLeaders, replica.group, replica.voters).find((node) => node === host.nodeId || host.isWell(node));
  if (preferred === undefined || preferred === host.nodeId) return undefined;
  noteSetback(replica, view);
  const holdTicks = view.holdTicks * 2 ** replica.balanceSetbacks;
  if (view.tick - replica.leaderSinceTick < holdTicks || host.aliveForMs(preferred) < view.holdMs) return undefined;
  return isCloseBehind(replica, preferred) ? preferred : undefined;
}

/** Looks, once, at how the last transfer from here ended: this replica leads again, or (it did not work) still. */
function noteSetback<Result>(replica: Replica<Result>, view: BalanceView): void {
  const gaveAtTick = replica.balancedAtTick;
  if (gaveAtTick === undefined) return;
  replica.balancedAtTick = undefined;
  const backAtTick = Math.max(replica.leaderSinceTick, gaveAtTick);
  const cameBackSoon = backAtTick - gaveAtTick < view.holdTicks * SETBACK_WITHIN_HOLDS;
  replica.balanceSetbacks = cameBackSoon ? Math.min(MAX_SETBACKS, replica.balanceSetbacks + 1) : 0;
  replica.leaderSinceTick = backAtTick;
}
