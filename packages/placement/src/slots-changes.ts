/**
 * Changes of which bucket has which slots, and of which buckets there are, on the map (docs/adr/0029, docs/adr/0031). Pure: evaluated before a command is proposed, for a
 * refusal that has a name, and again where it is applied. What has happened already, or is over, gives the same map.
 */
import { err, MAX_SLOTS_PER_MOVE, ok, SLOT_COUNT, type BucketId, type Result, type RmId, type SlotRange, overlap } from '@mas/values';
import { MAX_REPLICAS } from './node-changes';
import { META_GROUP, type BucketPlacement, type ClusterRecord, type PlacementMap } from './placement-map';
import { rosterOf } from './roster';
import { containsAll, withoutSlots, withSlots } from './slot-ranges';
import { founderOf, isRetired, laterBucketsOf, movesOf, type LaterBuckets, type SlotsMove, type SlotsStep } from './slots-move';
import { wishesOf, withoutBucket, withoutWanted } from './slots-wishes';

/** Under way at the same time: each has slots that nobody owns for a moment. */
export const MAX_MOVES = 8;
/** That one bucket gives or takes at the same time. */
export const MAX_MOVES_PER_BUCKET = 2;
export const MAX_BUCKETS = 1_024;

export type SlotsChange =
  /** Its number is the version that the map has with it. */
  | { readonly kind: 'move-slots'; readonly slots: SlotRange; readonly from: BucketId; readonly to: BucketId }
  /** Whoever carries it out asks for its end; has `to` adopted them, it comes too late. */
  | { readonly kind: 'call-off'; readonly move: number }
  /** As the log of the bucket that was to take them has decided, and once the other one's has obeyed. */
  | { readonly kind: 'end-move'; readonly move: number; readonly isAdopted: boolean }
  /** `bucket` is the next id; the first of the replicas founds its group. */
  | { readonly kind: 'add-bucket'; readonly bucket: BucketId; readonly replicas: readonly RmId[] }
  /** Its group stands on all its replicas. */
  | { readonly kind: 'founded'; readonly bucket: BucketId }
  | { readonly kind: 'retire-bucket'; readonly bucket: BucketId };

export interface SlotsRefusal {
  readonly name:
    | 'CLUSTER_NOT_RECORDED'
    | 'UNKNOWN_BUCKET'
    | 'UNKNOWN_NODE'
    | 'SAME_BUCKET'
    | 'SLOTS_INVALID'
    | 'SLOTS_ELSEWHERE'
    | 'SLOTS_ON_THE_MOVE'
    | 'TOO_MANY_MOVES'
    | 'MOVE_OVER'
    | 'BUCKET_FOUNDING'
    | 'BUCKET_HAS_SLOTS'
    | 'BUCKET_HAS_MOVES'
    | 'BUCKET_RETIRING'
    | 'BUCKET_ID_USED'
    | 'BUCKET_ID_NOT_NEXT'
    | 'BUCKET_IDS_USED_UP'
    | 'TOO_MANY_BUCKETS'
    | 'TOO_FEW_NODES'
    | 'REPLICAS_INVALID'
    | 'NODE_DRAINS'
    | 'DISK_LOST'
    | 'WEIGHTS_INVALID'
    | 'NO_BUCKET_LEFT';
  readonly message: string;
}

export type Changed = Result<PlacementMap, SlotsRefusal>;

export function changeSlots(map: PlacementMap, change: SlotsChange): Changed {
  const { cluster } = map;
  if (cluster === null) return refuse('CLUSTER_NOT_RECORDED', 'The meta group has no record of its nodes yet. Ask again in a moment.');
  switch (change.kind) {
    case 'move-slots':
      return moveSlots(map, cluster, change.slots, change.from, change.to);
    case 'call-off':
      return callOff(map, cluster, change.move);
    case 'end-move':
      return endMove(map, cluster, change.move, change.isAdopted);
    case 'add-bucket':
      return addBucket(map, cluster, change.bucket, change.replicas);
    case 'founded':
      return founded(map, cluster, change.bucket);
    case 'retire-bucket':
      return retire(map, cluster, change.bucket);
    default:
      return change satisfies never;
  }
}

function moveSlots(map: PlacementMap, cluster: ClusterRecord, slots: SlotRange, from: BucketId, to: BucketId): Changed {
  const moves = movesOf(map);
  if (slots.from > slots.to || slots.to >= SLOT_COUNT || slots.to - slots.from >= MAX_SLOTS_PER_MOVE)
    return refuse('SLOTS_INVALID', `A move is of 1 to ${MAX_SLOTS_PER_MOVE} neighbouring slots of 0 to ${SLOT_COUNT - 1}.`);
  if (from === to) return refuse('SAME_BUCKET', `Bucket ${from} cannot give slots to itself.`);
  const [giver, taker] = [placed(map, from), placed(map, to)];
  if (giver === undefined || taker === undefined) return unknownBucket(map, giver === undefined ? from : to);
  const same = moves.find((move) => move.slots.from === slots.from && move.slots.to === slots.to && move.from === from && move.to === to);
  if (same !== undefined && !same.calledOff) return ok(map);
  const other = moves.find((move) => overlap(move.slots, slots));
  if (other !== undefined)
    return refuse(
      'SLOTS_ON_THE_MOVE',
      `Slots ${textOf(other.slots)} are on their way from bucket ${other.from} to bucket ${other.to}, by move ${other.number}.`,
    );
  if (containsAll(taker.slots, slots)) return ok(map);
  if (!containsAll(giver.slots, slots)) return refuse('SLOTS_ELSEWHERE', `Bucket ${from} does not have all of slots ${textOf(slots)}.`);
  if (founderOf(map, to) !== null)
    return refuse('BUCKET_FOUNDING', `Bucket ${to} is being founded: slots can move to it once its group stands on all its replicas.`);
  if (moves.length >= MAX_MOVES) return refuse('TOO_MANY_MOVES', `At most ${MAX_MOVES} moves are under way at the same time. Ask again when one has ended.`);
  const full = [from, to].find((bucket) => moves.filter((move) => takesPart(move, bucket)).length >= MAX_MOVES_PER_BUCKET);
  if (full !== undefined)
    return refuse(
      'TOO_MANY_MOVES',
      `Bucket ${full} takes part in ${MAX_MOVES_PER_BUCKET} moves, and in no more at the same time. Ask again when one has ended.`,
    );
  return ok(withMoves(map, cluster, [...moves, { number: map.version + 1, slots, from, to, calledOff: false }]));
}

function callOff(map: PlacementMap, cluster: ClusterRecord, number: number): Changed {
  const move = movesOf(map).find((one) => one.number === number);
  if (move === undefined) return refuse('MOVE_OVER', `No move ${number} is under way: it has ended, or was never ordered.`);
  if (move.calledOff) return ok(map);
  return ok(
    withMoves(
      map,
      cluster,
      movesOf(map).map((one) => (one === move ? { ...move, calledOff: true } : one)),
    ),
  );
}

/** The owner changes and the move goes in one step: no map says that both, or neither, have the slots. */
function endMove(map: PlacementMap, cluster: ClusterRecord, number: number, isAdopted: boolean): Changed {
  const move = movesOf(map).find((one) => one.number === number);
  if (move === undefined) return ok(map);
  const next = withMoves(
    map,
    isAdopted ? withoutWanted(cluster, move.slots) : cluster,
    movesOf(map).filter((one) => one !== move),
  );
  return ok(isAdopted ? { ...next, buckets: map.buckets.map((bucket) => afterAdoption(bucket, move)) } : next);
}

function afterAdoption(placement: BucketPlacement, { slots, from, to }: SlotsStep): BucketPlacement {
  if (placement.bucket === from) return { ...placement, slots: withoutSlots(placement.slots, slots) };
  return placement.bucket === to ? { ...placement, slots: withSlots(placement.slots, slots) } : placement;
}

function addBucket(map: PlacementMap, cluster: ClusterRecord, bucket: BucketId, replicas: readonly RmId[]): Changed {
  const later = laterBucketsOf(map);
  const next = later.lastId + 1;
  if (placed(map, bucket) !== undefined) return ok(map);
  if (bucket === META_GROUP || bucket < next) return refuse('BUCKET_ID_USED', `There was a bucket ${bucket} before: the next one is ${next}.`);
  if (bucket !== next) return refuse('BUCKET_ID_NOT_NEXT', `The next bucket is ${next}, not ${bucket}.`);
  if (map.buckets.length >= MAX_BUCKETS) return refuse('TOO_MANY_BUCKETS', `A cluster has at most ${MAX_BUCKETS} buckets.`);
  const refusal = whyNotOn(map, cluster, replicas);
  if (refusal !== null) return err(refusal);
  const founder = cluster.nodes.find(({ rm }) => rm === replicas[0]);
  if (founder === undefined) return refuse('REPLICAS_INVALID', 'A bucket has at least one replica.');
  const founding = [...later.founding, { bucket, founder: { rm: founder.rm, ordinal: founder.ordinal } }];
  return ok({ ...withLater(map, cluster, { lastId: bucket, founding }), buckets: [...map.buckets, { bucket, slots: [], replicas }] });
}

function whyNotOn(map: PlacementMap, cluster: ClusterRecord, replicas: readonly RmId[]): SlotsRefusal | null {
  const { replicas: wanted, draining } = rosterOf(map);
  const able = cluster.nodes.filter(({ rm }) => !draining.includes(rm)).length;
  if (able < wanted) return refusalOf('TOO_FEW_NODES', `${wanted} replicas need as many nodes, and there are ${able} that are not drained.`);
  if (replicas.length !== wanted || replicas.length > MAX_REPLICAS || new Set(replicas).size !== replicas.length)
    return refusalOf('REPLICAS_INVALID', `A bucket has ${wanted} replicas, each on another node.`);
  for (const rm of replicas) {
    const node = cluster.nodes.find((each) => each.rm === rm);
    if (node === undefined) return refusalOf('UNKNOWN_NODE', `The cluster has no member rm-${rm}.`);
    if (draining.includes(rm)) return refusalOf('NODE_DRAINS', `rm-${rm} is being drained: it takes no replica.`);
    if (node.isLost) return refusalOf('DISK_LOST', `The disk of rm-${rm} is lost: it takes no replica before a new one is admitted.`);
  }
  return null;
}

function founded(map: PlacementMap, cluster: ClusterRecord, bucket: BucketId): Changed {
  if (placed(map, bucket) === undefined) return unknownBucket(map, bucket);
  if (founderOf(map, bucket) === null) return ok(map);
  const { lastId, founding } = laterBucketsOf(map);
  return ok(withLater(map, cluster, { lastId, founding: founding.filter((one) => one.bucket !== bucket) }));
}

function retire(map: PlacementMap, cluster: ClusterRecord, bucket: BucketId): Changed {
  if (isRetired(map, bucket)) return ok(map);
  const placement = placed(map, bucket);
  if (placement === undefined) return unknownBucket(map, bucket);
  if (placement.slots.length > 0)
    return refuse('BUCKET_HAS_SLOTS', `Bucket ${bucket} has slots ${placement.slots.map(textOf).join(', ')}: move them to others first.`);
  const move = movesOf(map).find((one) => takesPart(one, bucket));
  if (move !== undefined) return refuse('BUCKET_HAS_MOVES', `Move ${move.number} brings slots to bucket ${bucket}: call it off first.`);
  const { retiring } = wishesOf(map);
  if (map.buckets.every((one) => one === placement || retiring.includes(one.bucket)))
    return refuse('NO_BUCKET_LEFT', `Bucket ${bucket} has to stay: all the others are to give their slots away.`);
  const { lastId, founding } = laterBucketsOf(map);
  const next = withLater(map, withoutBucket(cluster, bucket), { lastId, founding: founding.filter((one) => one.bucket !== bucket) });
  return ok({ ...next, buckets: map.buckets.filter((one) => one !== placement) });
}

function withMoves(map: PlacementMap, { moves: _, ...cluster }: ClusterRecord, moves: readonly SlotsMove[]): PlacementMap {
  return { ...map, version: map.version + 1, cluster: moves.length === 0 ? cluster : { ...cluster, moves } };
}

function withLater(map: PlacementMap, cluster: ClusterRecord, laterBuckets: LaterBuckets): PlacementMap {
  return { ...map, version: map.version + 1, cluster: { ...cluster, laterBuckets } };
}

export function placed({ buckets }: PlacementMap, bucket: BucketId): BucketPlacement | undefined {
  return buckets.find((one) => one.bucket === bucket);
}

function takesPart({ from, to }: SlotsMove, bucket: BucketId): boolean {
  return from === bucket || to === bucket;
}

export function textOf({ from, to }: SlotRange): string {
  return from === to ? String(from) : `${from}-${to}`;
}

export function unknownBucket(map: PlacementMap, bucket: BucketId): Result<never, SlotsRefusal> {
  const why = isRetired(map, bucket) ? `Bucket ${bucket} was retired.` : `There is no bucket ${bucket}.`;
  return refuse('UNKNOWN_BUCKET', why);
}

function refusalOf(name: SlotsRefusal['name'], message: string): SlotsRefusal {
  return { name, message };
}

export function refuse(name: SlotsRefusal['name'], message: string): Result<never, SlotsRefusal> {
  return err(refusalOf(name, message));
}
