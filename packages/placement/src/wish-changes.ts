/**
 * Changes of what operators want of slots, on the map (docs/adr/0032). Pure: evaluated before a command is proposed, for a refusal that has a name, and again where it is
 * applied. What is wanted already gives the same map.
 */
import { ok, overlap, SLOT_COUNT, type BucketId, type SlotRange } from '@mas/values';
import type { ClusterRecord, PlacementMap } from './placement-map';
import { containsAll, withoutSlots } from './slot-ranges';
import { placed, refuse, textOf, unknownBucket, type Changed } from './slots-changes';
import { founderOf, isRetired, movesOf, type SlotsStep } from './slots-move';
import { MAX_WANTED, wishesOf, withWishes, type SlotsWishes } from './slots-wishes';

export type WishChange =
  | { readonly kind: 'balance-slots'; readonly isBalancing: boolean }
  /** Of any length: as many moves as it takes, one after the other. */
  | { readonly kind: 'want-slots'; readonly slots: SlotRange; readonly from: BucketId; readonly to: BucketId }
  /** It gives all slots away, to whoever has the fewest, and is retired then. */
  | { readonly kind: 'empty-bucket'; readonly bucket: BucketId }
  | { readonly kind: 'pause-moves'; readonly isPaused: boolean }
  /** Nothing is wanted any more, and what is under way is called off. */
  | { readonly kind: 'cancel-moves' };

export function changeWishes(map: PlacementMap, change: WishChange): Changed {
  const { cluster } = map;
  if (cluster === null) return refuse('CLUSTER_NOT_RECORDED', 'The meta group has no record of its nodes yet. Ask again in a moment.');
  const wishes = wishesOf(map);
  switch (change.kind) {
    case 'balance-slots':
      return wishes.isBalancing === change.isBalancing ? ok(map) : wish(map, cluster, { isBalancing: change.isBalancing });
    case 'pause-moves':
      return wishes.isPaused === change.isPaused ? ok(map) : wish(map, cluster, { isPaused: change.isPaused });
    case 'want-slots':
      return want(map, cluster, change);
    case 'empty-bucket':
      return empty(map, cluster, change.bucket);
    case 'cancel-moves':
      return cancel(map, cluster);
    default:
      return change satisfies never;
  }
}

function want(map: PlacementMap, cluster: ClusterRecord, { slots, from, to }: SlotsStep): Changed {
  if (slots.from > slots.to || slots.to >= SLOT_COUNT)
    return refuse('SLOTS_INVALID', `Slots are 0 to ${SLOT_COUNT - 1}, and a range ends where it starts, or behind.`);
  if (from === to) return refuse('SAME_BUCKET', `Bucket ${from} cannot give slots to itself.`);
  const [giver, taker] = [placed(map, from), placed(map, to)];
  if (giver === undefined || taker === undefined) return unknownBucket(map, giver === undefined ? from : to);
  const { wanted, retiring } = wishesOf(map);
  const rest = taker.slots.reduce<readonly SlotRange[]>(withoutSlots, [slots]);
  const elsewhere = rest.find((range) => !containsAll(giver.slots, range));
  if (elsewhere !== undefined) return refuse('SLOTS_ELSEWHERE', `Bucket ${from} does not have all of slots ${textOf(elsewhere)}.`);
  const moving = movesOf(map).find((move) => move.to !== to && rest.some((range) => overlap(range, move.slots)));
  if (moving !== undefined)
    return refuse('SLOTS_ON_THE_MOVE', `Slots ${textOf(moving.slots)} are on their way to bucket ${moving.to}, by move ${moving.number}.`);
  const claimed = wanted.find((one) => one.to !== to && rest.some((range) => overlap(range, one.slots)));
  if (claimed !== undefined)
    return refuse('SLOTS_ON_THE_MOVE', `Slots ${textOf(claimed.slots)} shall move to bucket ${claimed.to}: call that off first (cancel-moves).`);
  const added = wanted.reduce((ranges, one) => withoutSlots(ranges, one.slots), rest);
  if (added.length === 0) return ok(map);
  if (founderOf(map, to) !== null)
    return refuse('BUCKET_FOUNDING', `Bucket ${to} is being founded: slots can move to it once its group stands on all its replicas.`);
  if (retiring.includes(to)) return refuse('BUCKET_RETIRING', `Bucket ${to} is to give all its slots away: it takes none.`);
  if (wanted.length + added.length > MAX_WANTED)
    return refuse('TOO_MANY_MOVES', `At most ${MAX_WANTED} ranges of slots wait for their move. Ask again when some have moved.`);
  return wish(map, cluster, { wanted: [...wanted, ...added.map((range) => ({ slots: range, from, to }))] });
}

function empty(map: PlacementMap, cluster: ClusterRecord, bucket: BucketId): Changed {
  if (isRetired(map, bucket)) return ok(map);
  if (placed(map, bucket) === undefined) return unknownBucket(map, bucket);
  const { retiring, wanted } = wishesOf(map);
  if (retiring.includes(bucket)) return ok(map);
  if (map.buckets.every((one) => one.bucket === bucket || retiring.includes(one.bucket) || founderOf(map, one.bucket) !== null))
    return refuse('NO_BUCKET_LEFT', `Bucket ${bucket} cannot give its slots away: there is no other one that stands and stays.`);
  return wish(map, cluster, { retiring: [...retiring, bucket].sort((a, b) => a - b), wanted: wanted.filter(({ to }) => to !== bucket) });
}

function cancel(map: PlacementMap, cluster: ClusterRecord): Changed {
  const moves = movesOf(map);
  if (cluster.wishes === undefined && moves.every(({ calledOff }) => calledOff)) return ok(map);
  const { wishes: _, ...rest } = cluster;
  const calledOff = moves.length === 0 ? {} : { moves: moves.map((move) => ({ ...move, calledOff: true })) };
  return ok({ ...map, version: map.version + 1, cluster: { ...rest, ...calledOff } });
}

function wish(map: PlacementMap, cluster: ClusterRecord, part: Partial<SlotsWishes>): Changed {
  return ok({ ...map, version: map.version + 1, cluster: withWishes(cluster, { ...wishesOf(map), ...part }) });
}
