/**
 * Buckets are added and retired while everything else goes wrong (docs/adr/0031). Any Resource Manager may have to found one, also one that is down or about to die; a bucket that
 * does not come to stand, as its founder's disk is lost, is retired like others. It never has slots: nobody pays for it.
 */
import { founderOf, isRetired, laterBucketsOf, rosterOf, type PlacementMap } from '@mas/placement';
import { bucketId, type BucketId } from '@mas/values';
import type { Fault, FaultSite } from './fault';
import { proposed } from './map-changes';

const MAX_LATER = 2;
/** One that does not stand by then is retired. */
const PATIENCE_MS = 8_000;
const LOOK_EVERY_MS = 200;

export const bucketsComeAndGo: Fault = {
  name: 'buckets come and go',
  bites: ['buckets founded'],
  everyMs: [800, 3_000],
  lastsMs: [0, 0],
  strike: (site) => {
    const map = site.cluster.newestMap();
    const later = map.buckets.filter(({ bucket }) => site.cluster.isLater(bucket));
    const standing = later.filter(({ bucket }) => founderOf(map, bucket) === null);
    if (later.length < MAX_LATER) void add(site, map);
    else if (standing.length > 0) void retire(site, site.pick(standing).bucket);
  },
};

async function add(site: FaultSite, map: PlacementMap): Promise<void> {
  const { cluster } = site;
  const bucket = bucketId(laterBucketsOf(map).lastId + 1);
  const replicas = site.shuffled(cluster.rmIds).slice(0, rosterOf(map).replicas);
  const after = await proposed(site, { kind: 'add-bucket', bucket, replicas });
  if (after === null || founderOf(after, bucket) === null) return;
  site.note(`bucket ${bucket} is added, for rm-${replicas[0] ?? 0} to found`);
  const { time } = cluster.world;
  const endMs = time.nowMs() + PATIENCE_MS;
  while (time.nowMs() < endMs && founderOf(cluster.newestMap(), bucket) !== null) await time.after(LOOK_EVERY_MS);
  if (founderOf(cluster.newestMap(), bucket) !== null) await retire(site, bucket);
  else if (!isRetired(cluster.newestMap(), bucket)) {
    site.note(`bucket ${bucket} stands`);
    site.count('buckets founded');
  }
}

async function retire(site: FaultSite, bucket: BucketId): Promise<void> {
  const after = await proposed(site, { kind: 'retire-bucket', bucket });
  if (after === null || !isRetired(after, bucket)) return;
  site.note(`bucket ${bucket} is retired`);
  site.count('buckets retired');
}
