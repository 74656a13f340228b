/**
 * What the map says of slots that are on their way to another bucket (docs/adr/0029), and of buckets that came after the cluster was founded (docs/adr/0031).
 * How far a move is stands in the logs of its two buckets; that it was ordered, and by which number, stands here.
 */
import type { MemberId } from '@mas/membership';
import type { BucketId, SlotRange } from '@mas/values';
import { META_GROUP, type BucketPlacement, type PlacementMap } from './placement-map';

export interface SlotsMove extends SlotsStep {
  /** The version of the map that it came with: of the moves of one slot a later one has the higher number. */
  readonly number: number;
  /** At most MAX_SLOTS_PER_MOVE neighbouring ones. Until the move has ended the map has them with `from`. */
  readonly slots: SlotRange;
  /** Nobody wants it any more: it ends as declined, unless it had been adopted before. */
  readonly calledOff: boolean;
}

/** One bucket gives slots to another one. */
export interface SlotsStep {
  readonly slots: SlotRange;
  readonly from: BucketId;
  readonly to: BucketId;
}

/** Absent until a bucket is added or retired. */
export interface LaterBuckets {
  /** The highest id that any bucket has had: none is given twice. */
  readonly lastId: BucketId;
  /** Buckets whose group does not stand on all its replicas yet. */
  readonly founding: readonly FoundingBucket[];
}

export interface FoundingBucket {
  readonly bucket: BucketId;
  /** The one disk that may found the group; all others join it. */
  readonly founder: MemberId;
}

/** Under way, ascending by number. */
export function movesOf({ cluster }: PlacementMap): readonly SlotsMove[] {
  return cluster?.moves ?? [];
}

export function laterBucketsOf({ cluster, buckets }: PlacementMap): LaterBuckets {
  return cluster?.laterBuckets ?? { lastId: buckets.reduce((highest, { bucket }) => (bucket > highest ? bucket : highest), META_GROUP), founding: [] };
}

/** Which disk founds the group of this bucket; null: it was founded, or nobody may. */
export function founderOf(map: PlacementMap, bucket: BucketId): MemberId | null {
  return laterBucketsOf(map).founding.find((one) => one.bucket === bucket)?.founder ?? null;
}

/** It was one, and is no more: whoever holds a replica of it may drop it. An older map than the one that added a bucket knows nothing of it. */
export function isRetired(map: PlacementMap, bucket: BucketId): boolean {
  const later = map.cluster?.laterBuckets;
  return later !== undefined && bucket !== META_GROUP && bucket <= later.lastId && map.buckets.every((one) => one.bucket !== bucket);
}

/** Buckets that may have rows: those with slots, and those to which some are on their way. The others are empty, and need not be asked. */
export function bucketsWithRows(map: PlacementMap): readonly BucketId[] {
  const moves = movesOf(map);
  return map.buckets.filter(({ bucket, slots }) => slots.length > 0 || moves.some(({ to }) => to === bucket)).map(({ bucket }) => bucket);
}

export function countSlots(slots: BucketPlacement['slots']): number {
  return slots.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}
