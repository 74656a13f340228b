/**
 * Which slots should move, so that each bucket has its share of them. Pure and deterministic; a plan is never kept: it is made again at each look, from the map and what is
 * under way, and what it has reached it does not touch. No more slots move than are too many somewhere.
 */
import { err, MAX_SLOTS_PER_MOVE, ok, present, slot, SLOT_COUNT, type BucketId, type Result, type SlotRange } from '@mas/values';
import type { PlacementMap } from './placement-map';
import { withoutSlots } from './slot-ranges';
import { changeSlots, type SlotsRefusal } from './slots-changes';
import { countSlots, movesOf, type SlotsStep } from './slots-move';
import { freeSlots } from './slots-wishes';

export interface SlotsTarget {
  /** How much of the slots a bucket should have beside the others; 1 where it is not named. Whole numbers up to MAX_WEIGHT. */
  readonly weights: ReadonlyMap<BucketId, number>;
  /** These should have none. */
  readonly emptied: readonly BucketId[];
}

export const MAX_WEIGHT = 1_000_000;
/** As many everywhere. */
export const EVENLY: SlotsTarget = { weights: new Map(), emptied: [] };

interface Share {
  readonly bucket: BucketId;
  /** More than it should have; negative: less. What is under way counts where it goes. */
  surplus: number;
  /** What it can give now. */
  free: readonly SlotRange[];
}

/** All that is still to be ordered: slots under way are left alone, and a bucket has its share to within one slot when all of it is done. */
export function planSlots(map: PlacementMap, target: SlotsTarget): Result<readonly SlotsStep[], SlotsRefusal> {
  const problem = problemOf(map, target);
  if (problem !== null) return err(problem);
  const shares = sharesOf(map, target);
  const steps: SlotsStep[] = [];
  for (;;) {
    const giver = largest(shares, ({ surplus, free }) => (free.length === 0 ? 0 : surplus));
    const taker = largest(shares, ({ surplus }) => -surplus);
    if (giver === undefined || taker === undefined) return ok(steps);
    const slots = cutOf(giver.free, Math.min(giver.surplus, -taker.surplus, MAX_SLOTS_PER_MOVE));
    const count = countSlots([slots]);
    giver.free = withoutSlots(giver.free, slots);
    giver.surplus -= count;
    taker.surplus += count;
    steps.push({ slots, from: giver.bucket, to: taker.bucket });
  }
}

/** Those that may be ordered now, one after the other, until `most` are under way. */
export function nextSteps(map: PlacementMap, steps: readonly SlotsStep[], most: number): readonly SlotsStep[] {
  const next: SlotsStep[] = [];
  let now = map;
  for (const step of steps) {
    if (movesOf(now).length >= most) break;
    const changed = changeSlots(now, { kind: 'move-slots', ...step });
    if (!changed.ok || changed.value === now) continue;
    now = changed.value;
    next.push(step);
  }
  return next;
}

function sharesOf(map: PlacementMap, target: SlotsTarget): readonly Share[] {
  const landing = movesOf(map).filter(({ calledOff }) => !calledOff);
  const counts = new Map(
    map.buckets.map(({ bucket, slots }) => {
      const comes = countSlots(landing.filter(({ to }) => to === bucket).map((move) => move.slots));
      const goes = countSlots(landing.filter(({ from }) => from === bucket).map((move) => move.slots));
      return [bucket, countSlots(slots) + comes - goes];
    }),
  );
  const wanted = wantedOf(counts, target);
  return map.buckets.map((placement) => ({
    bucket: placement.bucket,
    surplus: (counts.get(placement.bucket) ?? 0) - (wanted.get(placement.bucket) ?? 0),
    free: freeSlots(map, placement),
  }));
}

/** Whole slots: what is left over by rounding down goes to buckets that have it already, then to those with the larger remainder. */
function wantedOf(counts: ReadonlyMap<BucketId, number>, target: SlotsTarget): ReadonlyMap<BucketId, number> {
  const buckets = [...counts.keys()];
  const total = buckets.reduce((sum, bucket) => sum + weightOf(bucket, target), 0);
  const exact = (bucket: BucketId): number => (SLOT_COUNT * weightOf(bucket, target)) / total;
  const wanted = new Map(buckets.map((bucket) => [bucket, Math.floor(exact(bucket))]));
  const least = (bucket: BucketId): number => wanted.get(bucket) ?? 0;
  const left = SLOT_COUNT - [...wanted.values()].reduce((sum, count) => sum + count, 0);
  const hasMore = (bucket: BucketId): number => Number((counts.get(bucket) ?? 0) > least(bucket));
  const rest = (bucket: BucketId): number => exact(bucket) - least(bucket);
  const inTurn = buckets.filter((bucket) => rest(bucket) > 0).sort((a, b) => hasMore(b) - hasMore(a) || rest(b) - rest(a) || a - b);
  for (const bucket of inTurn.slice(0, left)) wanted.set(bucket, least(bucket) + 1);
  return wanted;
}

function weightOf(bucket: BucketId, { weights, emptied }: SlotsTarget): number {
  return emptied.includes(bucket) ? 0 : (weights.get(bucket) ?? 1);
}

/** The bucket with the largest positive figure, the lowest id first; undefined where none is positive. */
function largest(shares: readonly Share[], of: (share: Share) => number): Share | undefined {
  const [first] = [...shares].sort((a, b) => of(b) - of(a) || a.bucket - b.bucket);
  return first !== undefined && of(first) > 0 ? first : undefined;
}

/** Of the shortest range that has so many, its end; where none has, the longest as a whole: so ranges do not become many. */
function cutOf(ranges: readonly SlotRange[], most: number): SlotRange {
  const length = ({ from, to }: SlotRange): number => to - from + 1;
  const byLength = [...ranges].sort((a, b) => length(a) - length(b) || a.from - b.from);
  const chosen = present(byLength.find((range) => length(range) >= most) ?? byLength.at(-1), 'a range to cut from');
  return { from: slot(Math.max(chosen.from, chosen.to - most + 1)), to: chosen.to };
}

function problemOf({ buckets }: PlacementMap, target: SlotsTarget): SlotsRefusal | null {
  const known = (bucket: BucketId): boolean => buckets.some((one) => one.bucket === bucket);
  const unknown = [...target.emptied, ...target.weights.keys()].find((bucket) => !known(bucket));
  if (unknown !== undefined) return { name: 'UNKNOWN_BUCKET', message: `There is no bucket ${unknown}.` };
  if ([...target.weights.values()].some((weight) => !Number.isSafeInteger(weight) || weight < 0 || weight > MAX_WEIGHT))
    return { name: 'WEIGHTS_INVALID', message: `The weight of a bucket is a whole number from 0 to ${MAX_WEIGHT}.` };
  if (buckets.every(({ bucket }) => weightOf(bucket, target) === 0))
    return { name: 'NO_BUCKET_LEFT', message: 'Some bucket has to have the slots: not all of them can be emptied.' };
  return null;
}
