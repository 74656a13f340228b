/** A Resource Manager that was away is there again: the Transaction Manager reaches it, and so do the leaders of all its buckets. */
import type { MasClient } from '@mas/client';
import { waitUntil } from '@mas/test-servers';
import type { RmId } from '@mas/values';
import type { Cluster } from '../harness/cluster';

/** It has what was committed in each of its groups when this was called. */
export async function caughtUp(cluster: Cluster, client: MasClient, rm: RmId): Promise<void> {
  const { replicas: before } = await client.clusterStatus();
  const committed = (bucket: number): number => Math.max(...before.filter((one) => one.bucket === bucket).map((one) => one.commitIndex));
  const groups = cluster.placement.map.buckets.length + 1;
  let seen: unknown;
  await waitUntil(
    `rm-${rm} has what was committed`,
    async () => {
      const { replicas } = await client.clusterStatus();
      const own = replicas.filter((one) => one.rm === rm);
      seen = own.map(({ bucket, appliedIndex }) => `bucket ${bucket}: ${appliedIndex} of ${committed(bucket)}`);
      return own.length === groups && own.every((one) => one.appliedIndex >= committed(one.bucket));
    },
    { diagnostics: () => `${JSON.stringify(seen)}\n${cluster.diagnostics()}` },
  );
}
