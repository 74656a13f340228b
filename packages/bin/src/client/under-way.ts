/** What is between the cluster as it is and as its map wants it, a sentence each: nothing, and whoever waits has waited enough. */
import { countSlots, founderOf, movesOf, nameOf, nodesOf, placements, planWishes, rosterOf, wishesOf, type PlacementMap, type SlotsMove } from '@mas/placement';
import type { ClusterStatus } from '@mas/rpc';
import type { MoveStatus, ReplicaStatus } from '@mas/two-phase-commit';
import type { RmId, SlotRange } from '@mas/values';

const STAGES: Readonly<Record<MoveStatus['stage'], string>> = {
  waiting: 'waits for its turn',
  copying: 'rows are copied',
  'catching-up': 'what has changed since is sent',
  released: 'released',
};

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
  return [
    ...found,
    ...movesOf(placement).map((move) => `${slotsText(move)}${progressText(leaderOf(replicas, move.from), move.number)}`),
    ...wishTexts(placement),
  ];
}

/** As the leader of the bucket that gives the slots says; empty: none answers, or it has not heard of the move yet. */
function progressText(leader: ReplicaStatus | undefined, number: number): string {
  const status = leader?.moves.find(({ move }) => move === number);
  if (status === undefined) return '';
  const { stage, rowsSent, rowsCopied, elapsedMs, blockedMs, stalled } = status;
  const parts = [STAGES[stage]];
  if (stage !== 'waiting') {
    const rate = elapsedMs === 0 ? 0 : (rowsSent * 1_000) / elapsedMs;
    parts.push(`${rowsSent}${rowsCopied === null ? '' : ` of ${rowsCopied}`} rows`);
    if (rate > 0) parts.push(`${Math.round(rate)} rows/s`);
    if (rate > 0 && rowsCopied !== null && rowsCopied > rowsSent) parts.push(`about ${Math.ceil((rowsCopied - rowsSent) / rate)} s left`);
  }
  if (blockedMs !== null) parts.push(`without an owner for ${blockedMs} ms`);
  if (stalled !== null) parts.push(`STALLED for ${Math.round(stalled.forMs / 1_000)} s${stalled.why === '' ? '' : `: ${stalled.why}`}`);
  return `: ${parts.join(', ')}`;
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
