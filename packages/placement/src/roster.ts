/**
 * The part of the map that changes when nodes come and go (docs/adr/0022): who is expected and where, who drains, whose id is used up, where
 * the meta group lives. Absent until the first change: then everything is as the founding has put it.
 */
import type { Incarnation } from '@mas/membership';
import type { BucketId, RmId } from '@mas/values';
import { META_GROUP, type PlacementMap, type ResourceManagerAddress } from './placement-map';

/** The meta group is founded on the first RMs of the map, at most this many, and keeps so many where there are enough. */
export const META_REPLICAS = 3;

export interface Roster {
  /** Added by an operator; no data folder has asked to be it yet. */
  readonly expected: readonly ResourceManagerAddress[];
  /** Members that shall hold no replica. */
  readonly draining: readonly RmId[];
  /** Were members. Their ids are never used again. */
  readonly removed: readonly RmId[];
  /** Who should hold a replica of the meta group. */
  readonly meta: readonly RmId[];
  /** How many replicas a bucket should have. */
  readonly replicas: number;
  /** An operator wants replicas spread evenly, and nobody has found yet that they are. */
  readonly isBalancing: boolean;
}

export type NodeState = 'joining' | 'up' | 'draining';

/** A node as the map has it. */
export interface NodeEntry extends ResourceManagerAddress {
  readonly state: NodeState;
  /** Null: joining. */
  readonly incarnation: Incarnation | null;
  readonly isLost: boolean;
}

export function rosterOf(map: PlacementMap): Roster {
  const { cluster, resourceManagers, buckets } = map;
  return (
    cluster?.roster ?? {
      expected: [],
      draining: [],
      removed: [],
      meta: resourceManagers.slice(0, META_REPLICAS).map(({ rm }) => rm),
      replicas: Math.max(1, ...buckets.map(({ replicas }) => replicas.length)),
      isBalancing: false,
    }
  );
}

/** Members and expected ones, ascending. */
export function nodesOf(map: PlacementMap): readonly NodeEntry[] {
  const { expected, draining } = rosterOf(map);
  const members = map.resourceManagers.map(({ rm, address }): NodeEntry => {
    const node = map.cluster?.nodes.find((each) => each.rm === rm);
    return { rm, address, state: draining.includes(rm) ? 'draining' : 'up', incarnation: node?.incarnation ?? null, isLost: node?.isLost === true };
  });
  const joining = expected.map(({ rm, address }): NodeEntry => ({ rm, address, state: 'joining', incarnation: null, isLost: false }));
  return [...members, ...joining].sort((a, b) => a.rm - b.rm);
}

/** Where replicas should be, the meta group's first. */
export function placements(map: PlacementMap): readonly Placed[] {
  return [{ bucket: META_GROUP, replicas: rosterOf(map).meta }, ...map.buckets.map(({ bucket, replicas }) => ({ bucket, replicas }))];
}

export interface Placed {
  readonly bucket: BucketId;
  readonly replicas: readonly RmId[];
}
