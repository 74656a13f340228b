/**
 * Slots move between buckets while everything else goes wrong (docs/adr/0029): several at once, there and back, called off at any moment, to buckets that were just added,
 * and out of buckets that are retired once they are empty. Leaders of both sides die in the middle of it, and hand over. Mostly the slots of accounts that clients use.
 */
import { founderOf, isRetired, laterBucketsOf, movesOf, rosterOf, slotOfAccount, type PlacementMap, type SlotsMove, type WishChange } from '@mas/placement';
import { bucketId, MAX_SLOTS_PER_MOVE, overlap, slot, SLOT_COUNT, type BucketId, type Slot, type SlotRange } from '@mas/values';
import type { Fault, FaultSite } from './fault';
import { proposed } from './map-changes';

const MAX_LATER = 2;
const FEW_SLOTS = 16;
/** Behind an order, in which it is called off. */
const CALLED_OFF_MS = 2_500;
const MAX_AT_ONCE = 3;

export const slotsMove: Fault = {
  name: 'slots move',
  bites: ['slots moved', 'moves of slots called off'],
  everyMs: [150, 900],
  lastsMs: [0, 0],
  strike: (site) => {
    countMoved(site);
    const fate = site.random.unit();
    if (fate < 0.08) void addBucket(site);
    else if (fate < 0.2) void callOff(site);
    else if (fate < 0.45) void empty(site);
    else if (fate < 0.57) disturb(site);
    else if (fate < 0.65) void wish(site);
    else for (let left = 1 + site.random.below(MAX_AT_ONCE); left > 0; left -= 1) void order(site, draw(site));
  },
};

type Step = Pick<SlotsMove, 'slots' | 'from' | 'to'>;

/** Null: there is nothing to move. */
function draw(site: FaultSite): Step | null {
  const { cluster, random } = site;
  const back = site.slotsOrdered.at(-1 - random.below(Math.max(1, site.slotsOrdered.length)));
  if (back !== undefined && random.chance(0.3)) return { slots: back.slots, from: back.to, to: back.from };
  const at = random.chance(0.8) && cluster.accounts.length > 0 ? slotOfAccount(site.pick(cluster.accounts)) : slot(random.below(SLOT_COUNT));
  const from = cluster.placement.bucketOf(at);
  const takers = cluster.standing.filter((bucket) => bucket !== from && bucket !== site.emptied);
  return takers.length === 0 ? null : { slots: around(site, at, from), from, to: site.pick(takers) };
}

/** Some of the slots of the bucket, among them this one. */
function around(site: FaultSite, at: Slot, bucket: BucketId): SlotRange {
  const { random, cluster } = site;
  const length = random.chance(0.3) ? 1 : 1 + random.below(random.chance(0.5) ? FEW_SLOTS : MAX_SLOTS_PER_MOVE);
  const wanted = at - random.below(length);
  const isOwn = (of: number): boolean => of >= 0 && of < SLOT_COUNT && cluster.placement.bucketOf(slot(of)) === bucket;
  let [from, to]: [number, number] = [at, at];
  while (from > wanted && isOwn(from - 1)) from -= 1;
  while (to < wanted + length - 1 && isOwn(to + 1)) to += 1;
  return { from: slot(from), to: slot(to) };
}

async function order(site: FaultSite, step: Step | null): Promise<void> {
  if (step === null) return;
  const { slots, from, to } = step;
  const after = await proposed(site, { kind: 'move-slots', ...step });
  const move =
    after === null ? undefined : movesOf(after).find((each) => each.from === from && each.to === to && sameSlots(each.slots, slots) && !each.calledOff);
  if (move === undefined || site.slotsOrdered.some(({ number }) => number === move.number)) return;
  site.note(`slots ${slots.from}-${slots.to} shall move from bucket ${from} to bucket ${to}: move ${move.number}`);
  site.count('moves of slots ordered');
  site.slotsOrdered.push(move);
  if (!site.random.chance(0.25)) return;
  await site.cluster.world.time.after(site.random.unit() * CALLED_OFF_MS);
  await callOffMove(site, move);
}

async function callOff(site: FaultSite): Promise<void> {
  const moves = movesOf(site.cluster.newestMap()).filter(({ calledOff }) => !calledOff);
  if (moves.length > 0) await callOffMove(site, site.pick(moves));
}

async function callOffMove(site: FaultSite, { number }: SlotsMove): Promise<void> {
  const after = await proposed(site, { kind: 'call-off', move: number });
  if (after === null || !movesOf(after).some((move) => move.number === number && move.calledOff)) return;
  site.note(`move ${number} is called off`);
  site.count('moves of slots called off');
}

async function addBucket(site: FaultSite): Promise<void> {
  const { cluster } = site;
  const map = cluster.newestMap();
  if (map.buckets.filter(({ bucket }) => cluster.isLater(bucket)).length >= MAX_LATER) return;
  const bucket = bucketId(laterBucketsOf(map).lastId + 1);
  const replicas = site.shuffled(cluster.rmIds).slice(0, rosterOf(map).replicas);
  const after = await proposed(site, { kind: 'add-bucket', bucket, replicas });
  if (after === null || founderOf(after, bucket) === null) return;
  site.note(`bucket ${bucket} is added, for rm-${replicas[0] ?? 0} to found`);
  site.count('buckets added for slots');
}

/** What the steward sees to, a move after the other (docs/adr/0032), beside what is ordered move by move. */
async function wish(site: FaultSite): Promise<void> {
  const { cluster, random } = site;
  const step = draw(site);
  const wishes: readonly WishChange[] = [
    { kind: 'balance-slots', isBalancing: random.chance(0.7) },
    { kind: 'pause-moves', isPaused: true },
    { kind: 'pause-moves', isPaused: false },
    { kind: 'cancel-moves' },
    ...(step === null ? [] : [{ kind: 'want-slots', ...step } as const]),
    ...(cluster.standing.length > 2 ? [{ kind: 'empty-bucket', bucket: site.pick(cluster.standing) } as const] : []),
  ];
  const change = site.pick(wishes);
  const before = cluster.newestMap().version;
  const after = await proposed(site, change);
  if (after === null || after.version <= before) return;
  site.note(`operators want: ${JSON.stringify(change)}`);
  site.count('wishes of slots');
}

/** One bucket at a time, step by step, until it has no slots; then it is retired. */
async function empty(site: FaultSite): Promise<void> {
  const { cluster, random } = site;
  const map = cluster.newestMap();
  if (site.emptied !== null && isRetired(map, site.emptied)) site.emptied = null;
  const { standing } = cluster;
  if (site.emptied === null) {
    const later = standing.filter((bucket) => cluster.isLater(bucket));
    if (standing.length <= 2) return;
    site.emptied = later.length > 0 && random.chance(0.7) ? site.pick(later) : site.pick(standing);
    site.note(`bucket ${site.emptied} shall be empty`);
  }
  const bucket = site.emptied;
  const slots = freeSlots(map, bucket);
  if (slots === null) return retire(site, bucket);
  const takers = standing.filter((each) => each !== bucket);
  if (takers.length > 0) await order(site, { slots, from: bucket, to: site.pick(takers) });
}

async function retire(site: FaultSite, bucket: BucketId): Promise<void> {
  const after = await proposed(site, { kind: 'retire-bucket', bucket });
  if (after === null || !isRetired(after, bucket)) return;
  site.note(`bucket ${bucket} is empty, and retired`);
  site.count('buckets emptied and retired');
}

/** Null: all of its slots are on their way. */
function freeSlots(map: PlacementMap, bucket: BucketId): SlotRange | null {
  for (const range of map.buckets.find((placed) => placed.bucket === bucket)?.slots ?? [])
    for (let from: number = range.from; from <= range.to; from += MAX_SLOTS_PER_MOVE) {
      const slots = { from: slot(from), to: slot(Math.min(range.to, from + MAX_SLOTS_PER_MOVE - 1)) };
      if (!movesOf(map).some((move) => overlap(move.slots, slots))) return slots;
    }
  return null;
}

/** The leader of one side of a move dies, or hands over; or whoever carries next dies as it begins to. */
function disturb(site: FaultSite): void {
  const { cluster, random } = site;
  const moves = movesOf(cluster.newestMap());
  if (moves.length === 0) return;
  const { number, from, to } = site.pick(moves);
  const bucket = random.chance(0.5) ? from : to;
  const leader = cluster.leaderOf(bucket);
  if (leader === null) return;
  const fate = random.unit();
  if (fate < 0.2) {
    cluster.rmDiesAt = 'before-carry';
    site.note('whoever carries slots next will die at before-carry');
  } else if (fate < 0.6) {
    site.note(`rm-${leader}, which leads bucket ${bucket}, crashes in move ${number}`);
    cluster.killRm(leader, site.pick(['lose', 'keep', 'prefix']), random.chance(0.5));
  } else {
    const others = cluster.placement.replicasOf(bucket).filter((rm) => rm !== leader);
    if (others.length > 0) void cluster.transferLeadership(bucket, site.pick(others));
  }
}

function countMoved(site: FaultSite): void {
  const { map } = site.cluster.placement;
  for (const move of site.slotsOrdered.filter(({ number }) => !movesOf(map).some((each) => each.number === number))) {
    if (site.slotsOver.has(move.number)) continue;
    site.slotsOver.add(move.number);
    if (site.cluster.placement.bucketOf(move.slots.from) === move.to) site.count('slots moved');
  }
}

function sameSlots(a: SlotRange, b: SlotRange): boolean {
  return a.from === b.from && a.to === b.to;
}
