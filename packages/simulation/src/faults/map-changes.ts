/** An operator's change of the placement map, through whoever leads the meta group. */
import { META_GROUP, type MapChange, type PlacementMap } from '@mas/placement';
import type { FaultSite } from './fault';

/** Null: nobody leads it, or it was refused, or nobody knows what has become of it. */
export async function proposed({ cluster }: FaultSite, change: MapChange): Promise<PlacementMap | null> {
  const leader = cluster.leaderOf(META_GROUP);
  const process = leader === null ? undefined : cluster.rms.get(leader);
  const manager = process?.hasStarted === true ? process.manager : null;
  if (process === undefined || manager === null) return null;
  return process.process.hears(manager.proposeChange(change)).catch(() => null);
}
