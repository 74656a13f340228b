/** What all members say of their replicas at one look, and what follows from it. */
import type { Placed, PlacementMap } from '@mas/placement';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import type { RmId } from '@mas/values';

export interface ClusterView {
  readonly up: ReadonlySet<RmId>;
  readonly replicas: readonly ReplicaStatus[];
}

/** Its leader says that its voters are those of the map, and that nothing is under way. */
export function isSettled({ cluster }: PlacementMap, { replicas: all }: Pick<ClusterView, 'replicas'>, { bucket, replicas }: Placed): boolean {
  const [leader] = all.filter((one) => one.bucket === bucket && one.role === 'leader').sort((a, b) => b.term - a.term);
  if (leader === undefined || leader.learners.length > 0 || leader.voters.length !== replicas.length) return false;
  return replicas.every((rm) => {
    const ordinal = cluster?.nodes.find((node) => node.rm === rm)?.ordinal;
    return leader.voters.some((voter) => voter.rm === rm && voter.ordinal === ordinal);
  });
}

/** Settled, and all of its replicas are there. */
export function isWhole(map: PlacementMap, view: ClusterView, placed: Placed): boolean {
  return isSettled(map, view, placed) && placed.replicas.every((rm) => view.up.has(rm));
}
