/**
 * Where operations on a slot meet others: in the log of the bucket that owned it then. What one log has decided is in one order, however slots come and go. And each
 * slot is a place of its own: what is done to it is in one order across all of its owners (docs/adr/0029), also where it is not known which of two did something.
 */
import type { PlacementIndex } from '@mas/placement';
import type { BucketId, Slot } from '@mas/values';

export interface SlotPlaces {
  /** Names of places. @param fromMs since when it may have been done, @param toMs until when */
  of(slot: Slot, fromMs: number, toMs: number): readonly string[];
}

/** From the adoption of a slot to its release, as the logs tell. */
export interface Ownership {
  readonly bucket: BucketId;
  readonly fromMs: number;
  /** Infinite while it lasts. */
  readonly toMs: number;
}

/** No slot has ever moved. */
export function fixedPlaces(placement: PlacementIndex): SlotPlaces {
  return { of: (slot) => [nameOf(placement.bucketOf(slot))] };
}

/** @param ownersOf in the order of time */
export function movingPlaces(ownersOf: (slot: Slot) => readonly Ownership[]): SlotPlaces {
  return {
    of: (slot, fromMs, toMs) => {
      const owners = ownersOf(slot);
      const [first, ...others] = owners.filter((owner) => owner.fromMs <= toMs && owner.toMs >= fromMs);
      const one = first !== undefined && others.every(({ bucket }) => bucket === first.bucket) ? [nameOf(first.bucket)] : [];
      return owners.length > 1 ? [...one, `slot ${slot}`] : one;
    },
  };
}

/** Whether both were surely done in one log, or one slot. */
export function meet(some: readonly string[], others: readonly string[]): boolean {
  return some.some((place) => others.includes(place));
}

function nameOf(bucket: BucketId): string {
  return `bucket ${bucket}`;
}
