/**
 * Buckets are added and retired on Resource Managers over the real Raft host (docs/adr/0031): one disk founds, all others join, whoever is down meanwhile does what is
 * right when it comes back, and what was retired leaves nothing behind.
 */
import { founderOf, type MapChange } from '@mas/placement';
import { bucketId, rmId, type BucketId, type RmId } from '@mas/values';
import { RealCluster } from '../testing/real-cluster';

const [RM_1, RM_2, RM_3] = [1, 2, 3].map(rmId) as [RmId, RmId, RmId];
const ALL = [RM_1, RM_2, RM_3];
const BUCKET_4 = bucketId(4);

const add = (bucket: BucketId, ...replicas: readonly RmId[]): MapChange => ({ kind: 'add-bucket', bucket, replicas });
const retire = (bucket: BucketId): MapChange => ({ kind: 'retire-bucket', bucket });

async function until(cluster: RealCluster, what: string, condition: () => boolean, limitMs = 60_000): Promise<void> {
  if (await cluster.clock.until(() => condition() || cluster.failures.length > 0, limitMs)) {
    if (cluster.failures.length === 0) return;
  }
  const replicas = ALL.map((rm) => ({ rm, four: cluster.replica(rm, BUCKET_4) }));
  throw new Error(
    `${what}: not within ${limitMs} virtual ms: ${JSON.stringify({ map: cluster.newestMap().cluster, replicas, failures: cluster.failures.map(String) })}`,
  );
}

/** One group, of all three, with one leader. */
function isWhole(cluster: RealCluster, bucket: BucketId): boolean {
  const replicas = ALL.map((rm) => cluster.replica(rm, bucket));
  const leaders = new Set(replicas.map((one) => one?.leader ?? null));
  return leaders.size === 1 && !leaders.has(null) && replicas.every((one) => one?.voters.length === 3 && one.learners.length === 0);
}

function stands(cluster: RealCluster, bucket: BucketId): boolean {
  return isWhole(cluster, bucket) && founderOf(cluster.newestMap(), bucket) === null;
}

test('a bucket is founded by one, joined by the others, opened without slots, and then owns none', async () => {
  const cluster = await new RealCluster(1).start();
  await cluster.settling(cluster.change(add(BUCKET_4, RM_2, RM_3, RM_1)));
  await until(cluster, 'bucket 4 stands', () => stands(cluster, BUCKET_4));
  const reply = await cluster.settling(cluster.ask(BUCKET_4, { kind: 'totals', bucket: BUCKET_4, atUs: null }));
  expect(reply).toMatchObject({ kind: 'totals', totals: { accountCount: 0 } });
  for (const rm of ALL) expect((await cluster.checksum(rm, BUCKET_4)).differences).toEqual([]);
});

test('while its founder is down nobody founds it', async () => {
  const cluster = await new RealCluster(2).start();
  cluster.kill(RM_3);
  await cluster.settling(cluster.change(add(BUCKET_4, RM_3, RM_1, RM_2)));
  await until(cluster, 'the others have opened it', () => [RM_1, RM_2].every((rm) => cluster.replica(rm, BUCKET_4) !== undefined));
  await cluster.clock.advance(20_000);
  expect([RM_1, RM_2].map((rm) => cluster.replica(rm, BUCKET_4)).every((one) => one?.leader === null && one.voters.length === 0)).toBe(true);
  expect(founderOf(cluster.newestMap(), BUCKET_4)).toEqual({ rm: 3, ordinal: 0 });
  await cluster.boot(RM_3);
  await until(cluster, 'bucket 4 stands', () => stands(cluster, BUCKET_4));
});

test.each([3, 4, 5, 6, 7, 8])('processes die at any moment of the founding: there is one group in the end (seed %i)', async (seed) => {
  const cluster = await new RealCluster(seed).start();
  await cluster.settling(cluster.change(add(BUCKET_4, RM_1, RM_2, RM_3)));
  for (let deaths = 0; deaths < 3; deaths += 1) {
    await cluster.clock.advance(cluster.random.below(1_500));
    const victim = deaths === 0 ? RM_1 : ALL[cluster.random.below(3)]!;
    cluster.kill(victim);
    await cluster.clock.advance(cluster.random.below(1_500));
    await cluster.boot(victim);
  }
  await until(cluster, 'bucket 4 stands', () => stands(cluster, BUCKET_4));
  const sums = [];
  for (const rm of ALL) sums.push(await cluster.checksum(rm, BUCKET_4));
  expect(new Set(sums.map(({ sha256 }) => sha256)).size).toBe(1);
});

test('what is retired goes on saying whose slots are not its own for ten seconds, then it leaves nothing behind; the next one has another id', async () => {
  const cluster = await new RealCluster(9).start();
  await cluster.settling(cluster.change(add(BUCKET_4, RM_2, RM_3, RM_1)));
  await until(cluster, 'bucket 4 stands', () => stands(cluster, BUCKET_4));
  await cluster.settling(cluster.change(retire(BUCKET_4)));
  await cluster.clock.advance(9_000);
  expect(isWhole(cluster, BUCKET_4)).toBe(true);
  await until(cluster, 'all have dropped it', () => ALL.every((rm) => cluster.replica(rm, BUCKET_4) === undefined && cluster.hasDropped(rm, BUCKET_4)));
  const five = bucketId(5);
  await cluster.settling(cluster.change(add(five, RM_2, RM_3, RM_1)));
  await until(cluster, 'bucket 5 stands', () => stands(cluster, five));
  expect(ALL.map((rm) => cluster.replica(rm, BUCKET_4))).toEqual([undefined, undefined, undefined]);
});

test('one that was down when its bucket was retired drops it when it comes back', async () => {
  const cluster = await new RealCluster(10).start();
  await cluster.settling(cluster.change(add(BUCKET_4, RM_1, RM_2, RM_3)));
  await until(cluster, 'bucket 4 stands', () => stands(cluster, BUCKET_4));
  cluster.kill(RM_1);
  await cluster.settling(cluster.change(retire(BUCKET_4)));
  await until(cluster, 'the others have dropped it', () => [RM_2, RM_3].every((rm) => cluster.hasDropped(rm, BUCKET_4)));
  await cluster.boot(RM_1);
  await until(cluster, 'rm-1 has dropped it', () => cluster.replica(RM_1, BUCKET_4) === undefined && cluster.hasDropped(RM_1, BUCKET_4));
});

test('one that was to found a bucket, and was down until it was retired, founds nothing that stays', async () => {
  const cluster = await new RealCluster(11).start();
  await cluster.settling(cluster.change(add(BUCKET_4, RM_1, RM_2, RM_3)));
  cluster.kill(RM_1);
  await cluster.settling(cluster.change(retire(BUCKET_4)));
  await cluster.clock.advance(15_000);
  await cluster.boot(RM_1);
  await cluster.clock.advance(20_000);
  expect(ALL.map((rm) => cluster.replica(rm, BUCKET_4))).toEqual([undefined, undefined, undefined]);
});
