/** Which Resource Manager leads each bucket, as the cluster's status says; of several that say so, the one of the latest term. */
import type { MasClient } from '@mas/client';

export async function leadersOf(client: Pick<MasClient, 'clusterStatus'>): Promise<ReadonlyMap<number, string>> {
  const { replicas } = await client.clusterStatus();
  const leading = replicas.filter((one) => one.role === 'leader').sort((a, b) => a.term - b.term);
  return new Map(leading.map((one) => [Number(one.bucket), `rm${one.rm}`]));
}
