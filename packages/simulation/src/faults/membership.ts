/**
 * An operator moves a replica of a bucket, or of the meta group, to another Resource Manager, and whoever leads the group brings it there
 * (docs/adr/0022): learner first, then one joint step. With as many machines as replicas one can only go, and comes back by itself.
 */
import { META_GROUP, placements } from '@mas/placement';
import type { Fault, FaultSite } from './fault';

export const membership: Fault = {
  name: 'membership changes',
  bites: ['membership changes'],
  everyMs: [300, 1_500],
  lastsMs: [0, 0],
  strike: (site) => {
    if (!site.operator.mayMove()) return;
    void move(site);
  },
};

async function move(site: FaultSite): Promise<void> {
  const { cluster, operator } = site;
  const map = cluster.newestMap();
  const leader = cluster.leaderOf(META_GROUP);
  const process = leader === null ? undefined : cluster.rms.get(leader);
  const manager = process?.hasStarted === true ? process.manager : null;
  if (process === undefined || manager === null) return;
  const { bucket, replicas } = site.pick(placements(map).filter((placed) => placed.bucket === META_GROUP || cluster.buckets.includes(placed.bucket)));
  const from = site.pick(replicas);
  const outside = cluster.rmIds.filter((rm) => !replicas.includes(rm));
  const to = outside.length === 0 ? null : site.pick(outside);
  if (to === null && replicas.length === 1) return;
  const after = [...replicas.filter((rm) => rm !== from), ...(to === null ? [] : [to])];
  site.note(`group ${bucket} shall ${to === null ? `leave rm-${from}` : `move from rm-${from} to rm-${to}`}`);
  const placed = await process.process.hears(manager.proposeChange({ kind: 'place', placed: [{ bucket, replicas: after }] })).catch(() => null);
  if (placed === null || placed.version <= map.version) return;
  if (await operator.hasMoved(bucket, after)) {
    site.note(`group ${bucket} ${to === null ? `has left rm-${from}` : `is on rm-${to}`}`);
    site.count('membership changes');
  }
}
