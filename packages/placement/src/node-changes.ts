/**
 * Changes of nodes and of where replicas should be, on the map that they were decided on (docs/adr/0022). Pure: evaluated before a command is
 * proposed, for a refusal that has a name, and again where it is applied. A change that is there already gives the same map.
 */
import { FOUNDER, type Incarnation } from '@mas/membership';
import { err, ok, type Result, type RmId } from '@mas/values';
import { META_GROUP, type ClusterRecord, type PlacementMap } from './placement-map';
import { placements, rosterOf, type Placed, type Roster } from './roster';
import { founderOf } from './slots-move';

export const MAX_NODES = 64;
export const MAX_REPLICAS = 9;

export type NodeChange =
  /** An operator adds a node; its address is where the others will dial it. */
  | { readonly kind: 'expect'; readonly rm: RmId; readonly address: string }
  /** A data folder asks to be an expected node. */
  | { readonly kind: 'take-in'; readonly rm: RmId; readonly incarnation: Incarnation }
  | { readonly kind: 'drain'; readonly rm: RmId; readonly isDraining: boolean }
  /** `placed`: where the replicas that it should hold shall be instead. Of one that is only expected nothing remains. */
  | { readonly kind: 'remove'; readonly rm: RmId; readonly placed: readonly Placed[] }
  | { readonly kind: 'place'; readonly placed: readonly Placed[] }
  | { readonly kind: 'balance'; readonly isBalancing: boolean; readonly replicas: number };

export interface NodeRefusal {
  readonly name:
    | 'CLUSTER_NOT_RECORDED'
    | 'UNKNOWN_NODE'
    | 'UNKNOWN_BUCKET'
    | 'NODE_EXISTS'
    | 'NODE_ID_USED'
    | 'ADDRESS_IN_USE'
    | 'TOO_MANY_NODES'
    | 'TOO_FEW_NODES'
    | 'NODE_HOLDS_REPLICAS'
    | 'NODE_DRAINS'
    | 'BUCKET_FOUNDING'
    | 'REPLICAS_INVALID';
  readonly message: string;
}

export function changeNodes(map: PlacementMap, change: NodeChange): Result<PlacementMap, NodeRefusal> {
  const { cluster } = map;
  if (cluster === null) return refuse('CLUSTER_NOT_RECORDED', 'The meta group has no record of its nodes yet. Ask again in a moment.');
  switch (change.kind) {
    case 'expect':
      return expect(map, cluster, change.rm, change.address);
    case 'take-in':
      return takeIn(map, cluster, change.rm, change.incarnation);
    case 'drain':
      return drain(map, cluster, change.rm, change.isDraining);
    case 'remove':
      return remove(map, cluster, change.rm, change.placed);
    case 'place':
      return place(map, cluster, change.placed);
    case 'balance':
      return rebalance(map, cluster, change.isBalancing, change.replicas);
    default:
      return change satisfies never;
  }
}

function expect(map: PlacementMap, cluster: ClusterRecord, rm: RmId, address: string): Result<PlacementMap, NodeRefusal> {
  const roster = rosterOf(map);
  if (roster.removed.includes(rm)) return refuse('NODE_ID_USED', `rm-${rm} was a node before and was removed: give the new one an id that was never used.`);
  const all = [...map.resourceManagers, ...roster.expected];
  const known = all.find((entry) => entry.rm === rm);
  if (known?.address === address) return ok(map);
  if (known !== undefined) return refuse('NODE_EXISTS', `rm-${rm} is a node already, at ${known.address}.`);
  const there = all.find((entry) => entry.address === address);
  if (there !== undefined) return refuse('ADDRESS_IN_USE', `${address} is the address of rm-${there.rm}.`);
  if (all.length >= MAX_NODES) return refuse('TOO_MANY_NODES', `A cluster has at most ${MAX_NODES} resource managers.`);
  return ok(changed(map, cluster, { expected: [...roster.expected, { rm, address }].sort((a, b) => a.rm - b.rm) }));
}

function takeIn(map: PlacementMap, cluster: ClusterRecord, rm: RmId, incarnation: Incarnation): Result<PlacementMap, NodeRefusal> {
  const { expected } = rosterOf(map);
  const entry = expected.find((each) => each.rm === rm);
  // Whoever has been taken in is judged as a member, by its incarnation.
  if (entry === undefined) return cluster.nodes.some((node) => node.rm === rm) ? ok(map) : unknownNode(map, rm);
  // Whoever adds a node wants it used.
  const next = changed(map, cluster, { expected: expected.filter((each) => each !== entry), isBalancing: true });
  const nodes = [...cluster.nodes, { rm, incarnation, ordinal: FOUNDER, isLost: false }].sort((a, b) => a.rm - b.rm);
  const resourceManagers = [...map.resourceManagers, entry].sort((a, b) => a.rm - b.rm);
  return ok({ ...next, resourceManagers, cluster: { ...(next.cluster ?? cluster), nodes } });
}

function drain(map: PlacementMap, cluster: ClusterRecord, rm: RmId, isDraining: boolean): Result<PlacementMap, NodeRefusal> {
  const { draining } = rosterOf(map);
  if (!isMember(cluster, rm)) return unknownNode(map, rm);
  if (draining.includes(rm) === isDraining) return ok(map);
  const next = isDraining ? [...draining, rm].sort((a, b) => a - b) : draining.filter((each) => each !== rm);
  const problem = isDraining ? tooFew(map, cluster, next) : null;
  return problem ?? ok(changed(map, cluster, { draining: next }));
}

function remove(map: PlacementMap, cluster: ClusterRecord, rm: RmId, placed: readonly Placed[]): Result<PlacementMap, NodeRefusal> {
  const { expected, draining, removed } = rosterOf(map);
  if (removed.includes(rm)) return ok(map);
  if (expected.some((each) => each.rm === rm)) return ok(changed(map, cluster, { expected: expected.filter((each) => each.rm !== rm) }));
  if (!isMember(cluster, rm)) return unknownNode(map, rm);
  const moved = place(map, cluster, placed);
  if (!moved.ok) return moved;
  const held = placements(moved.value).filter(({ replicas }) => replicas.includes(rm));
  if (held.length > 0) return refuse('NODE_HOLDS_REPLICAS', `rm-${rm} shall still hold replicas of ${held.map(nameOf).join(', ')}: drain it first.`);
  const next = changed(moved.value, moved.value.cluster ?? cluster, {
    draining: draining.filter((each) => each !== rm),
    removed: [...removed, rm].sort((a, b) => a - b),
  });
  return ok({
    ...next,
    version: map.version + 1,
    resourceManagers: map.resourceManagers.filter((each) => each.rm !== rm),
    cluster: { ...(next.cluster ?? cluster), nodes: cluster.nodes.filter((node) => node.rm !== rm) },
  });
}

function place(map: PlacementMap, cluster: ClusterRecord, placed: readonly Placed[]): Result<PlacementMap, NodeRefusal> {
  const roster = rosterOf(map);
  const before = new Map(placements(map).map(({ bucket, replicas }) => [bucket, replicas]));
  for (const { bucket, replicas } of placed) {
    const was = before.get(bucket);
    if (was === undefined) return refuse('UNKNOWN_BUCKET', `There is no bucket ${bucket}.`);
    if (replicas.length === 0 || replicas.length > MAX_REPLICAS || new Set(replicas).size !== replicas.length)
      return refuse('REPLICAS_INVALID', `${nameOf({ bucket })} needs 1 to ${MAX_REPLICAS} replicas, each on another node.`);
    const founder = founderOf(map, bucket);
    if (founder !== null && !replicas.includes(founder.rm))
      return refuse(
        'BUCKET_FOUNDING',
        `${nameOf({ bucket })} is being founded by rm-${founder.rm}: it keeps that replica until it stands on all of them, or is retired.`,
      );
    for (const rm of replicas) {
      if (!isMember(cluster, rm)) return unknownNode(map, rm);
      if (!was.includes(rm) && roster.draining.includes(rm)) return refuse('NODE_DRAINS', `rm-${rm} is being drained: it takes no replica.`);
    }
  }
  const after = new Map(placed.map(({ bucket, replicas }) => [bucket, replicas]));
  if (placed.every(({ bucket, replicas }) => replicas.join() === before.get(bucket)?.join())) return ok(map);
  const next = changed(map, cluster, { meta: after.get(META_GROUP) ?? roster.meta });
  return ok({ ...next, buckets: map.buckets.map((bucket) => ({ ...bucket, replicas: after.get(bucket.bucket) ?? bucket.replicas })) });
}

function rebalance(map: PlacementMap, cluster: ClusterRecord, isBalancing: boolean, replicas: number): Result<PlacementMap, NodeRefusal> {
  const roster = rosterOf(map);
  if (!Number.isSafeInteger(replicas) || replicas < 1 || replicas > MAX_REPLICAS)
    return refuse('REPLICAS_INVALID', `A bucket has 1 to ${MAX_REPLICAS} replicas.`);
  const able = cluster.nodes.length - roster.draining.length;
  if (isBalancing && able < replicas) return refuse('TOO_FEW_NODES', `${replicas} replicas need as many nodes, and there are ${able} that are not drained.`);
  return isBalancing === roster.isBalancing && replicas === roster.replicas ? ok(map) : ok(changed(map, cluster, { isBalancing, replicas }));
}

function tooFew(map: PlacementMap, cluster: ClusterRecord, draining: readonly RmId[]): Result<never, NodeRefusal> | null {
  const able = cluster.nodes.filter(({ rm }) => !draining.includes(rm)).length;
  const { replicas } = rosterOf(map);
  if (able >= replicas) return null;
  return refuse(
    'TOO_FEW_NODES',
    `Each bucket has ${replicas} replicas, and without ${draining.map((rm) => `rm-${rm}`).join(' and ')} there are ${able} nodes: add one, or ask for fewer replicas with "cluster rebalance --replicas".`,
  );
}

function changed(map: PlacementMap, cluster: ClusterRecord, part: Partial<Roster>): PlacementMap {
  return { ...map, version: map.version + 1, cluster: { ...cluster, roster: { ...rosterOf(map), ...part } } };
}

function isMember({ nodes }: ClusterRecord, rm: RmId): boolean {
  return nodes.some((node) => node.rm === rm);
}

function unknownNode(map: PlacementMap, rm: RmId): Result<never, NodeRefusal> {
  const known = map.cluster?.nodes.map((node) => `rm-${node.rm}`).join(', ') ?? '';
  return refuse('UNKNOWN_NODE', `The cluster has no member rm-${rm}: its members are ${known}.`);
}

export function nameOf({ bucket }: Pick<Placed, 'bucket'>): string {
  return bucket === META_GROUP ? 'the meta group' : `bucket ${bucket}`;
}

function refuse(name: NodeRefusal['name'], message: string): Result<never, NodeRefusal> {
  return err({ name, message });
}
