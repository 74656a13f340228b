/** What is between the cluster as it is and as its map wants it, a sentence each: nothing, and whoever waits has waited enough. */
import { countSlots, founderOf, movesOf, nameOf, nodesOf, placements, planWishes, rosterOf, wishesOf, type PlacementMap, type SlotsMove } from '@mas/placement';
import type { ClusterStatus } from '@mas/rpc';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import type { RmId, SlotRange } from '@mas/values';

export function underWay({ placement, replicas, unreachable }: ClusterStatus): readonly string[] {
  const { draining, isBalancing } = rosterOf(placement);
  const found = nodesOf(placement)
    .filter(({ state }) => state === 'joining')
    .map(({ rm, address }) => `rm-${rm} has not come yet: it is to be started with --join, and reached at ${address}`);
  for (const placed of placements(placement)) {
    const founder = founderOf(placement, placed.bucket);
    if (founder !== null) found.push(`${nameOf(placed)}: rm-${founder.rm} is founding it`);
    const text = moveOf(placement, placed.replicas, leaderOf(replicas, placed.bucket));
    if (text !== null) found.push(`${nameOf(placed)}: ${text}`);
    for (const { rm } of replicas.filter((one) => one.bucket === placed.bucket && one.role !== 'stopped' && !placed.replicas.includes(one.rm)))
      if (text === null) found.push(`${nameOf(placed)}: rm-${rm} is still to close its replica`);
    for (const rm of draining) if (placed.replicas.includes(rm)) found.push(`${nameOf(placed)}: still to leave rm-${rm}`);
  }
  if (isBalancing) {
    const away = unreachable.length === 0 ? '' : `; ${list(unreachable)} ${unreachable.length === 1 ? 'does' : 'do'} not answer`;
    found.push(`replicas are being spread evenly${away}`);
  }
  return [...found, ...movesOf(placement).map(slotsText), ...wishTexts(placement)];
}

/** What is wanted of slots beyond the moves. A pause alone is nothing that is under way. */
function wishTexts(map: PlacementMap): readonly string[] {
  const { isPaused, isBalancing, retiring, wanted } = wishesOf(map);
  const left = countSlots(planWishes(map).map(({ slots }) => slots));
  const found = wanted.map(({ slots, from, to }) => `slots ${rangeText(slots)} are wanted from bucket ${from} in bucket ${to}`);
  for (const bucket of retiring) {
    const slots = countSlots(map.buckets.find((one) => one.bucket === bucket)?.slots ?? []);
    found.push(`bucket ${bucket} is being emptied, and retired then: it has ${slots} slots`);
  }
  if (isBalancing) found.push('slots are being spread evenly');
  const paused = isPaused ? ', and moves are paused (cluster resume-moves)' : '';
  return found.map((text, at) => (at === found.length - 1 ? `${text}; ${left} slots are still to be ordered to move${paused}` : text));
}

export function rangeText({ from, to }: SlotRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function slotsText({ number, slots, from, to, calledOff }: SlotsMove): string {
  const which = slots.from === slots.to ? `slot ${slots.from} moves` : `slots ${rangeText(slots)} move`;
  return `move ${number}: ${which} from bucket ${from} to bucket ${to}${calledOff ? ', and was called off' : ''}`;
}

function moveOf(map: PlacementMap, placed: readonly RmId[], leader: ReplicaStatus | undefined): string | null {
  if (leader === undefined) return 'no leader answers';
  const counting = (rm: RmId): number => map.cluster?.nodes.find((node) => node.rm === rm)?.ordinal ?? 0;
  const isThere = (rm: RmId): boolean => leader.voters.some((voter) => voter.rm === rm && voter.ordinal === counting(rm));
  const coming = placed.filter((rm) => !isThere(rm));
  const going = leader.voters.filter(({ rm, ordinal }) => !placed.includes(rm) || ordinal !== counting(rm)).map(({ rm }) => rm);
  const filled = leader.learners.map(({ rm }) => rm);
  const parts = [
    ...(coming.length === 0 ? [] : [`${list(coming)} ${coming.every((rm) => filled.includes(rm)) ? 'is being filled' : 'is to come'}`]),
    ...(going.length === 0 ? [] : [`${list(going)} is to go`]),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}

function leaderOf(replicas: readonly ReplicaStatus[], bucket: number): ReplicaStatus | undefined {
  return replicas.filter((one) => one.bucket === bucket && one.role === 'leader').sort((a, b) => b.term - a.term)[0];
}

function list(rms: readonly RmId[]): string {
  return rms.map((rm) => `rm-${rm}`).join(' and ');
}
