/** The processes whose use is measured, by name: all of the cluster that run now, and this one, which is the client. */
import type { Cluster } from '@mas/e2e';

export function pidsOf(cluster: Cluster): ReadonlyMap<string, number> {
  const pids = new Map<string, number>([['client', process.pid]]);
  for (const one of [...cluster.tms, ...cluster.rms]) if (one.pid !== undefined) pids.set(one.name, one.pid);
  if (cluster.sql !== null) pids.set('mariadb', cluster.sql.pid);
  if (cluster.redis !== null) pids.set('redis', cluster.redis.pid);
  return pids;
}
