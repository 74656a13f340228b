/**
 * Which RM to ask for a bucket: the last known leader, else its replicas in turn. Pure bookkeeping for whoever
 * sends; hints only change speed, never correctness, because a replica that does not lead refuses.
 */
import type { BucketId, RmId } from '@mas/values';
import { META_GROUP, type PlacementIndex } from './placement-map';

/** The meta group lives on the first RMs of the map, at most this many. */
export const META_REPLICAS = 3;

export class LeaderDirectory {
  private readonly leaders = new Map<BucketId, RmId>();

  constructor(private index: PlacementIndex) {}

  /** Takes a newer map; an older or equal one is ignored, and so is one of another cluster. */
  adopt(index: PlacementIndex): boolean {
    const [ours, theirs] = [this.index.map.cluster, index.map.cluster];
    if (ours !== null && theirs !== null && ours.clusterId !== theirs.clusterId) return false;
    if (index.map.version <= this.index.map.version) return false;
    this.index = index;
    return true;
  }

  placement(): PlacementIndex {
    return this.index;
  }

  leaderHint(bucket: BucketId): RmId | undefined {
    return this.leaders.get(bucket);
  }

  /** The RM to send attempt number `attempt` (0, 1, …) to; undefined when the bucket has no replica. */
  target(bucket: BucketId, attempt: number): RmId | undefined {
    const known = this.leaders.get(bucket);
    if (known !== undefined) return known;
    const replicas = this.replicasOf(bucket);
    return replicas[attempt % Math.max(1, replicas.length)];
  }

  /** A reply said who leads. */
  learned(bucket: BucketId, leader: RmId): void {
    this.leaders.set(bucket, leader);
  }

  /** `rm` did not lead, or did not answer: the hint is dropped if it named that RM. */
  failed(bucket: BucketId, rm: RmId): void {
    if (this.leaders.get(bucket) === rm) this.leaders.delete(bucket);
  }

  private replicasOf(bucket: BucketId): readonly RmId[] {
    if (bucket === META_GROUP) return this.index.map.resourceManagers.slice(0, META_REPLICAS).map((entry) => entry.rm);
    return this.index.replicasOf(bucket);
  }
}
