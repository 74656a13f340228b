/**
 * The placement map: slot → bucket → replicas. A value with a version; a newer version replaces an older one as a
 * whole. The meta group owns it; Redis and every process hold copies.
 */
import { MemberTable, type ClusterId, type MemberIdentity } from '@mas/membership';
import { bucketId, invariant, present, rmId, slot, SLOT_COUNT, type BucketId, type RmId, type Slot, type SlotRange } from '@mas/values';
import type { Roster } from './roster';
import type { LaterBuckets, SlotsMove } from './slots-move';
import type { SlotsWishes } from './slots-wishes';

/** The group of the meta state machine, which keeps this map itself. */
export const META_GROUP = bucketId(0);

export interface ResourceManagerAddress {
  readonly rm: RmId;
  /** host:port of its one listener. */
  readonly address: string;
}

export interface BucketPlacement {
  readonly bucket: BucketId;
  /** Ascending, with a gap between any two. None: a bucket that is to be given some, or that has given all away. */
  readonly slots: readonly SlotRange[];
  /** The RMs that should hold a voting replica; who does is the group's own affair (docs/adr/0022). */
  readonly replicas: readonly RmId[];
}

/** An RM as the cluster knows it. */
export interface ClusterNode extends MemberIdentity {
  /** The operator has said that its disk is lost: the next new incarnation that asks is admitted in its place. */
  readonly isLost: boolean;
}

export interface ClusterRecord {
  /** Absent until nodes have come or gone (docs/adr/0022). */
  readonly roster?: Roster;
  readonly clusterId: ClusterId;
  /** Ascending by RM. */
  readonly nodes: readonly ClusterNode[];
  /** Which hash of a payment is its txn (docs/adr/0014): settled by the founding, for good, because all coordinators have to mint the same. */
  readonly txnVersion: 1 | 2;
  /** Absent where none is under way. Ascending by number. */
  readonly moves?: readonly SlotsMove[];
  readonly laterBuckets?: LaterBuckets;
  /** Absent where nothing is wanted of slots beyond the moves. */
  readonly wishes?: SlotsWishes;
}

export interface PlacementMap {
  /** Rises with every change; epoch of slot ownership. */
  readonly version: number;
  readonly resourceManagers: readonly ResourceManagerAddress[];
  readonly buckets: readonly BucketPlacement[];
  /** Null in a map that was only configured: nobody has told it to a meta group yet. */
  readonly cluster: ClusterRecord | null;
}

/**
 * The first map: slots in even contiguous ranges, replicas round robin, so that bucket b's first replica (the one
 * that should lead) is on RM (b-1) mod n.
 */
export function genesisPlacement(resourceManagers: readonly ResourceManagerAddress[], bucketCount: number, replicationFactor: number): PlacementMap {
  invariant(resourceManagers.length >= replicationFactor, 'as many resource managers as replicas', {
    resourceManagers: resourceManagers.length,
    replicationFactor,
  });
  const buckets = Array.from({ length: bucketCount }, (_, i) => ({
    bucket: bucketId(i + 1),
    slots: [{ from: slot(Math.floor((i * SLOT_COUNT) / bucketCount)), to: slot(Math.floor(((i + 1) * SLOT_COUNT) / bucketCount) - 1) }],
    replicas: Array.from({ length: replicationFactor }, (__, r) => rmId(present(resourceManagers[(i + r) % resourceManagers.length], 'replica').rm)),
  }));
  return { version: 1, resourceManagers, buckets, cluster: null };
}

/** Where the map does not say: the first, which every cluster had before it could say. */
export function txnVersionOf({ cluster }: PlacementMap): ClusterRecord['txnVersion'] {
  return cluster?.txnVersion ?? 1;
}

/** Which incarnations count by this map; null where it does not say. */
export function membersOfMap({ version, cluster }: PlacementMap): MemberTable | null {
  return cluster === null ? null : new MemberTable(version, cluster.nodes, cluster.roster?.removed ?? []);
}

/** Constant-time slot → bucket lookups over one map. */
export class PlacementIndex {
  private readonly bucketBySlot: Uint16Array;
  private readonly placementByBucket: ReadonlyMap<BucketId, BucketPlacement>;
  private readonly addressByRm: ReadonlyMap<RmId, string>;

  constructor(readonly map: PlacementMap) {
    this.bucketBySlot = new Uint16Array(SLOT_COUNT);
    for (const placement of map.buckets) {
      for (const range of placement.slots) {
        for (let s: number = range.from; s <= range.to; s += 1) {
          invariant(this.bucketBySlot[s] === 0, 'a slot belongs to one bucket', { slot: s });
          this.bucketBySlot[s] = placement.bucket;
        }
      }
    }
    invariant(
      this.bucketBySlot.every((bucket) => bucket !== 0),
      'every slot belongs to a bucket',
    );
    this.placementByBucket = new Map(map.buckets.map((placement) => [placement.bucket, placement]));
    this.addressByRm = new Map(map.resourceManagers.map((entry) => [entry.rm, entry.address]));
  }

  bucketOf(ofSlot: Slot): BucketId {
    return bucketId(present(this.bucketBySlot[ofSlot], 'bucket of slot'));
  }

  replicasOf(bucket: BucketId): readonly RmId[] {
    return this.placementByBucket.get(bucket)?.replicas ?? [];
  }

  addressOf(rm: RmId): string | undefined {
    return this.addressByRm.get(rm);
  }
}
