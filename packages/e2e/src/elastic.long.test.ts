/**
 * A cluster grows from three nodes with three buckets to five with sixteen, and back, while it pays (docs/adr/0022, docs/adr/0032): no payment fails for it, and in the end the
 * audit agrees.
 */
import { countSlots } from '@mas/placement';
import { waitUntil } from '@mas/test-servers';
import type { ClusterOptions } from './harness/cluster';
import { PayingCluster } from './testing/paying-cluster';

const LONG_MS = 1_800_000;
/** docs/running.md: nobody answered in time. */
const NO_ANSWER = 7;
const ATTEMPTS = 10;
const CLOSED_MS = 300_000;
const WAIT = ['--wait', '--wait-seconds', '600'];
const MOST_BUCKETS = 16;
const NEW_BUCKETS = Array.from({ length: MOST_BUCKETS - 3 }, (_, at) => String(at + 4));

/** Whoever has no answer says it again: each order is the same when it comes twice. */
async function done({ cluster, operator }: PayingCluster, ...args: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const ran = await operator.run('cluster', ...args);
    if (ran.code === 0) return;
    if (ran.code !== NO_ANSWER || attempt === ATTEMPTS) throw new Error(`${args.join(' ')}: ${JSON.stringify(ran)}\n${cluster.diagnostics()}`);
  }
}

async function slotsPerBucket({ cluster }: PayingCluster): Promise<readonly number[]> {
  const { placement } = await cluster.client().clusterStatus();
  return placement.buckets.map(({ slots }) => countSlots(slots));
}

async function replicasPerNode({ cluster }: PayingCluster): Promise<readonly number[]> {
  const { placement, replicas } = await cluster.client().clusterStatus();
  return placement.resourceManagers.map(({ rm }) => replicas.filter((one) => one.rm === rm && one.bucket > 0).length);
}

async function grow(ground: PayingCluster): Promise<void> {
  const { cluster } = ground;
  for (let joined = 0; joined < 2; joined += 1) {
    const rm = await cluster.newcomer();
    rm.start();
    await done(ground, 'add-node', rm.name.replace('rm', ''), cluster.rmAddresses().at(-1) ?? '');
    await rm.ready();
  }
  for (const id of NEW_BUCKETS) await done(ground, 'add-bucket', '--id', id);
  await done(ground, 'rebalance', ...WAIT);
}

async function shrink(ground: PayingCluster): Promise<void> {
  const { cluster, operator } = ground;
  for (const id of NEW_BUCKETS) await done(ground, 'retire-bucket', id);
  for (const rm of ['4', '5']) await done(ground, 'drain', rm);
  await done(ground, 'drain', '5', ...WAIT);
  for (const rm of [...cluster.rms.slice(3)]) {
    await done(ground, 'remove-node', rm.name.replace('rm', ''));
    expect(await operator.endsRefused(rm)).toMatch(/was removed from cluster/);
    cluster.forget(rm);
  }
  await done(ground, 'rebalance', ...WAIT);
}

describe.each<[string, ClusterOptions]>([
  ['the embedded stores', { storage: 'embedded' }],
  ['MariaDB and Redis', { storage: 'servers' }],
])('on %s', (_, options) => {
  let ground: PayingCluster;

  beforeAll(async () => {
    ground = await PayingCluster.start({ rms: 3, tms: 2, buckets: 3, ...options }, 12);
  }, LONG_MS);
  afterAll(() => ground?.stop());

  test(
    'three nodes with three buckets become five with sixteen',
    async () => {
      await grow(ground);
      expect(await slotsPerBucket(ground)).toEqual(Array(MOST_BUCKETS).fill(256));
      const replicas = await replicasPerNode(ground);
      expect([replicas.length, Math.max(...replicas) - Math.min(...replicas)]).toEqual([5, 1]);
      await ground.isWell();
    },
    LONG_MS,
  );

  test(
    'and three with three again',
    async () => {
      await shrink(ground);
      expect([...(await slotsPerBucket(ground))].sort()).toEqual([1_365, 1_365, 1_366]);
      // Replicas of retired buckets close some seconds after they have heard it.
      await waitUntil('each node has three replicas', async () => (await replicasPerNode(ground)).join() === '3,3,3', {
        timeoutMs: CLOSED_MS,
        diagnostics: () => ground.cluster.diagnostics(),
      });
      await ground.isWell();
    },
    LONG_MS,
  );
});
