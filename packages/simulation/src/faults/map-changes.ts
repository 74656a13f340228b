/** An operator's change of the placement map, through whoever leads the meta group. */
import { META_GROUP, type MapChange, type PlacementMap } from '@mas/placement';
import type { Cluster } from '../cluster/cluster';

/** Null: nobody leads it, or it was refused, or nobody knows what has become of it. */
export async function proposed({ cluster }: { readonly cluster: Cluster }, change: MapChange): Promise<PlacementMap | null> {
  const leader = cluster.leaderOf(META_GROUP);
  const process = leader === null ? undefined : cluster.rms.get(leader);
  const manager = process?.hasStarted === true ? process.manager : null;
  if (process === undefined || manager === null) return null;
  return process.process.hears(manager.proposeChange(change)).catch(() => null);
}
