/**
 * The one change that brings a group nearer to where the map wants its replicas, from what is (docs/adr/0022, rule 5). Pure. Newer disks of those that
 * are in it come first, then what nobody wants any more of what an earlier leader began, then a swap in one step, so that the group is never short.
 */
import type { MemberId } from '@mas/membership';
import type { GroupStatus, ReplicaChange } from '@mas/multi-raft';
import { placements, type PlacementMap } from '@mas/placement';
import type { RmId } from '@mas/values';

export type GroupMembers = Pick<GroupStatus, 'group' | 'voters' | 'outgoing' | 'formerVoters' | 'learners'>;

/** A newer incarnation that takes the place of an older one. Ordinals only rise: any map is new enough for it. */
export function nextRenewal({ cluster }: PlacementMap, { voters, outgoing, formerVoters, learners }: GroupMembers): ReplicaChange | null {
  const present = [...voters, ...outgoing, ...formerVoters, ...learners];
  const node = cluster?.nodes.find(({ rm, ordinal }) => ordinal > 0 && present.some((replica) => replica.rm === rm && replica.ordinal < ordinal));
  return node === undefined ? null : { kind: 'renew', replica: { rm: node.rm, ordinal: node.ordinal } };
}

/** @param self who leads @param attempt counts those in vain: where one new replica does not get on, the next one is tried */
export function nextChange(map: PlacementMap, group: GroupMembers, self: RmId, attempt: number): ReplicaChange | null {
  const placed = placements(map).find(({ bucket }) => bucket === group.group)?.replicas;
  if (map.cluster === null || placed === undefined) return null;
  const { voters, learners } = group;
  const stray = learners.find(({ rm }) => !placed.includes(rm));
  if (stray !== undefined) return { kind: 'remove', replica: stray };
  const missing = map.cluster.nodes
    .filter(({ rm, isLost }) => !isLost && placed.includes(rm) && !voters.some((voter) => voter.rm === rm))
    .map(({ rm, ordinal }): MemberId => ({ rm, ordinal }));
  // Whoever leads goes last: it has to hand over first.
  const surplus = voters.filter(({ rm }) => !placed.includes(rm)).sort((a, b) => Number(a.rm === self) - Number(b.rm === self) || a.rm - b.rm);
  const add = missing[attempt % Math.max(1, missing.length)];
  const [remove] = surplus;
  if (add !== undefined && remove !== undefined)
    // Alone it has nobody to hand over to.
    return voters.length === 1 ? { kind: 'add', replica: add } : { kind: 'replace', remove, add };
  if (add !== undefined) return { kind: 'add', replica: add };
  return remove !== undefined && surplus.length < voters.length ? { kind: 'remove', replica: remove } : null;
}
