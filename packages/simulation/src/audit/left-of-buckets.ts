/** Of buckets that came and went (docs/adr/0031). */
import { isRetired, laterBucketsOf } from '@mas/placement';
import type { Cluster } from '../cluster/cluster';

/** What must not be left once everything has been well for a while: replicas of retired buckets, and buckets that do not come to stand though no disk was ever lost. */
export function leftOfBuckets(cluster: Cluster): readonly string[] {
  const map = cluster.newestMap();
  const held = [...cluster.rms.values()].flatMap(({ rm, host }) => (host?.groups() ?? []).map((group) => ({ rm, group })));
  const kept = held.filter(({ group }) => isRetired(map, group)).map(({ rm, group }) => `rm-${rm} still has a replica of bucket ${group}, which was retired`);
  if (map.cluster === null || map.cluster.nodes.some(({ ordinal, isLost }) => ordinal > 0 || isLost)) return kept;
  return [...kept, ...laterBucketsOf(map).founding.map(({ bucket, founder }) => `bucket ${bucket} does not stand, which rm-${founder.rm} founds`)];
}
