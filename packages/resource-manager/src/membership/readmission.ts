/**
 * The meta group's side of replacing a lost disk: an operator's word marks the incarnation as lost, and the first new one
 * that asks after that takes its place. Both are commands that name what they expect, so a repetition changes nothing.
 */
import { membersOfMap, type ClusterNode, type PlacementMap } from '@mas/placement';
import { shortId, type ClusterSettings, type Incarnation } from '@mas/membership';
import { present, type RmId } from '@mas/values';
import type { MetaReplica } from '../meta/meta-replica';
import type { RejoinAnswer } from './membership-ports';

/** Who does not lead the meta group says nothing: another one does. */
const NOBODY_KNOWS: RejoinAnswer = { kind: 'pending', message: '' };

/** @param meta null: this process has no replica of the meta group. */
export async function readmit(meta: MetaReplica | null, settings: ClusterSettings, rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer> {
  const map = meta?.applier.placement() ?? null;
  if (meta === null || map === null) return NOBODY_KNOWS;
  // Others may not have heard yet that an operator calls it lost.
  if (!meta.isLeading) return NOBODY_KNOWS;
  const node = nodeOf(map, rm);
  // That may be the very one that asks, before it has heard that it was admitted: under its number it has promised nothing, and gets the next one.
  if (node?.isLost !== true) return answerOf(map, settings, rm, incarnation);
  const after = await meta.command({ kind: 'admit', rm, incarnation, replaces: node.incarnation });
  return after === null ? NOBODY_KNOWS : answerOf(after, settings, rm, incarnation);
}

export function answerOf(map: PlacementMap, settings: ClusterSettings, rm: RmId, incarnation: Incarnation): RejoinAnswer {
  if (map.cluster === null) return NOBODY_KNOWS;
  const node = nodeOf(map, rm);
  const { clusterId } = map.cluster;
  if (node === undefined)
    return { kind: 'refused', name: 'UNKNOWN_RESOURCE_MANAGER', message: `Cluster ${clusterId} has no rm-${rm}: check --id and --cluster.` };
  if (node.incarnation === incarnation)
    return { kind: 'admitted', admission: { clusterId, ordinal: node.ordinal, settings, members: present(membersOfMap(map), 'members') }, map: null };
  return {
    kind: 'pending',
    message: `the operator: rm-${rm} is recorded as incarnation ${shortId(node.incarnation)}, this folder is ${shortId(incarnation)}; "mas-client cluster replace-node ${rm}" allows it to take the place`,
  };
}

function nodeOf(map: PlacementMap, rm: RmId): ClusterNode | undefined {
  return map.cluster?.nodes.find((node) => node.rm === rm);
}
