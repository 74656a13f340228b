/**
 * What operators want of slots that takes more than the moves under way (docs/adr/0032): it stands in the map until it is reached, or nobody wants it any more. Who leads the
 * meta group orders moves for it, and plans anew at each look.
 */
import type { BucketId, SlotRange } from '@mas/values';
import type { BucketPlacement, ClusterRecord, PlacementMap } from './placement-map';
import { withoutSlots } from './slot-ranges';
import { movesOf, type SlotsStep } from './slots-move';

/** Ranges that are wanted elsewhere at the same time. */
export const MAX_WANTED = 64;

export interface SlotsWishes {
  /** No move begins; what has been released ends. */
  readonly isPaused: boolean;
  /** As many slots in each bucket as in the others, to within one. */
  readonly isBalancing: boolean;
  /** These give all slots away, and are retired then. Ascending. */
  readonly retiring: readonly BucketId[];
  /** Of any length; none is on two of them. What has come there is taken off. */
  readonly wanted: readonly SlotsStep[];
}

const NOTHING: SlotsWishes = { isPaused: false, isBalancing: false, retiring: [], wanted: [] };

export function wishesOf({ cluster }: PlacementMap): SlotsWishes {
  return cluster?.wishes ?? NOTHING;
}

/** Absent where nothing is wanted, so that programs of before read the map again. */
export function withWishes({ wishes: _, ...cluster }: ClusterRecord, wishes: SlotsWishes): ClusterRecord {
  const { isPaused, isBalancing, retiring, wanted } = wishes;
  return isPaused || isBalancing || retiring.length > 0 || wanted.length > 0 ? { ...cluster, wishes } : cluster;
}

/** Once slots have an owner by somebody's word, nobody waits for them any more: what was wanted has come, or another one was asked for later. */
export function withoutWanted(cluster: ClusterRecord, slots: SlotRange): ClusterRecord {
  const { wishes } = cluster;
  if (wishes === undefined) return cluster;
  const wanted = wishes.wanted.flatMap((one) => withoutSlots([one.slots], slots).map((left) => ({ ...one, slots: left })));
  return withWishes(cluster, { ...wishes, wanted });
}

/** A bucket that is none any more wants nothing, and nobody wants anything of it. */
export function withoutBucket(cluster: ClusterRecord, bucket: BucketId): ClusterRecord {
  const { wishes } = cluster;
  if (wishes === undefined) return cluster;
  return withWishes(cluster, {
    ...wishes,
    retiring: wishes.retiring.filter((one) => one !== bucket),
    wanted: wishes.wanted.filter(({ from, to }) => from !== bucket && to !== bucket),
  });
}

/** Its slots that are not on their way. */
export function freeSlots(map: PlacementMap, { slots }: BucketPlacement): readonly SlotRange[] {
  return movesOf(map).reduce<readonly SlotRange[]>((free, move) => withoutSlots(free, move.slots), slots);
}
