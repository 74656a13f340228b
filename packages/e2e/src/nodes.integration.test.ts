/**
 * Nodes join and leave a cluster that pays (docs/adr/0022): with the word first or the process first, drained and removed, dead and
 * removed, and from one node to three. No payment fails for it, and the audit agrees at any time.
 */
import { waitUntil } from '@mas/test-servers';
import type { Cluster, ClusterOptions } from './harness/cluster';
import type { MasProcess } from './harness/mas-process';
import type { Operator } from './harness/operator';
import { PayingCluster } from './testing/paying-cluster';

const LONG_MS = 600_000;

let paying: PayingCluster;
let cluster: Cluster;
let operator: Operator;

async function begin(options: ClusterOptions): Promise<void> {
  paying = await PayingCluster.start(options, 2);
  ({ cluster, operator } = paying);
}

async function end(): Promise<void> {
  await paying?.stop();
}

interface Node {
  readonly replicas: number;
  readonly leads: number;
}

async function node(rm: number): Promise<Node> {
  const { replicas } = await cluster.client().clusterStatus();
  const here = replicas.filter((one) => one.rm === rm && one.bucket > 0);
  return { replicas: here.length, leads: here.filter(({ role }) => role === 'leader').length };
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  await waitUntil(what, condition, { timeoutMs: LONG_MS, intervalMs: 250, diagnostics: () => cluster.diagnostics() });
}

async function joins(order: 'process first' | 'word first'): Promise<MasProcess> {
  const rm = await cluster.newcomer();
  const id = numberOf(rm);
  const address = cluster.rmAddresses()[Number(id) - 1] ?? '';
  if (order === 'process first') {
    rm.start();
    await operator.hears(rm, 'not a member of a cluster yet');
    await paying.done('add-node', id, address, '--wait');
  } else {
    await paying.done('add-node', id, address);
    rm.start();
    await paying.done('add-node', id, address, '--wait');
  }
  await rm.ready();
  return rm;
}

function numberOf(rm: MasProcess): string {
  return rm.name.replace('rm', '');
}

describe('three nodes', () => {
  beforeAll(() => begin({ rms: 3, tms: 2, buckets: 6 }), LONG_MS);
  afterAll(end);

  test('a fourth one joins, process first: replicas and leaders spread onto it', async () => {
    await joins('process first');
    expect((await node(4)).replicas).toBeGreaterThanOrEqual(4);
    await until('rm-4 leads a bucket', async () => (await node(4)).leads > 0);
    await paying.isWell();
  });

  test('what cannot be is refused by name, and nothing has changed', async () => {
    const before = (await cluster.client().clusterStatus()).placement;
    expect(await paying.refused('add-node', '2', 'localhost:9')).toMatch(/NODE_EXISTS/);
    expect(await paying.refused('add-node', '9', cluster.rmAddresses()[0] ?? '')).toMatch(/ADDRESS_IN_USE/);
    expect(await paying.refused('add-node', '9', 'nowhere')).toMatch(/ADDRESS_INVALID/);
    expect(await paying.refused('drain', '9')).toMatch(/UNKNOWN_NODE/);
    expect(await paying.refused('remove-node', '4')).toMatch(/NODE_HOLDS_REPLICAS/);
    expect(await paying.refused('remove-node', '4', '--dead')).toMatch(/RESOURCE_MANAGER_ANSWERS/);
    expect(await paying.refused('move-replica', '77', '--from', '1', '--to', '4')).toMatch(/UNKNOWN_BUCKET/);
    expect(await paying.refused('rebalance', '--replicas', '5')).toMatch(/TOO_FEW_NODES/);
    expect((await cluster.client().clusterStatus()).placement).toEqual(before);
  });

  test('a replica is moved by hand, and the meta group\u2019s, too', async () => {
    const { placement } = await cluster.client().clusterStatus();
    for (const { bucket, replicas } of [{ bucket: 0, replicas: [1, 2, 3] }, ...placement.buckets.slice(0, 1)]) {
      const from = replicas[0] ?? 0;
      const to = [1, 2, 3, 4].find((rm) => !replicas.some((each) => each === rm)) ?? 0;
      await paying.done('move-replica', bucket === 0 ? 'meta' : String(bucket), '--from', String(from), '--to', String(to), '--wait');
    }
    await paying.isWell();
  });

  test('the first one is drained and removed; its process hears that it is no member any more', async () => {
    const [rm1] = cluster.rms as [MasProcess];
    await paying.done('drain', '1', '--wait');
    expect(await node(1)).toEqual({ replicas: 0, leads: 0 });
    await paying.done('remove-node', '1');
    expect(await operator.endsRefused(rm1)).toMatch(/rm-1 was removed from cluster/);
    cluster.forget(rm1);
    expect(await paying.refused('add-node', '1', cluster.rmAddresses()[0] ?? '')).toMatch(/NODE_ID_USED/);
    expect(await paying.refused('drain', '2')).toMatch(/TOO_FEW_NODES/);
    await paying.isWell();
  });
  test('the next one joins, word first; one dies for good and is removed, and its replicas are made anew', async () => {
    const late = await joins('word first');
    const id = numberOf(late);
    await paying.isWell();
    await late.kill();
    cluster.forget(late);
    await until(`rm-${id} is removed as dead`, async () => (await operator.run('cluster', 'remove-node', id, '--dead')).code === 0);
    await paying.done('rebalance', '--wait');
    await paying.isWell();
    // Somebody starts it again: nobody lets it in.
    late.start();
    expect(await operator.endsRefused(late)).toMatch(/ was removed from cluster /);
  });
});

describe('four nodes', () => {
  beforeAll(() => begin({ rms: 4, tms: 1, buckets: 4, environment: { MAS_REPLACE_AFTER_MS: '8000' } }), LONG_MS);
  afterAll(end);

  test('one that stays away is replaced by itself, and has nothing left when it is back', async () => {
    const rm4 = cluster.process('rm4');
    await rm4.kill();
    await until('nothing shall be on rm-4', async () =>
      (await cluster.client().clusterStatus()).placement.buckets.every(({ replicas }) => !replicas.some((rm) => rm === 4)),
    );
    paying.payments.forgive();
    await operator.isHealthy();
    rm4.start();
    await rm4.ready();
    await until('rm-4 holds nothing', async () => (await node(4)).replicas === 0);
    await paying.done('rebalance', '--wait');
    expect((await node(4)).replicas).toBeGreaterThan(0);
    await paying.isWell();
  });
});

describe('one node', () => {
  beforeAll(() => begin({ rms: 1, tms: 1, buckets: 3, replicas: 1 }), LONG_MS);
  afterAll(end);

  test('becomes three with three replicas each, as a small user grows', async () => {
    expect(await paying.refused('rebalance', '--replicas', '3')).toMatch(/TOO_FEW_NODES/);
    expect(await paying.refused('drain', '1')).toMatch(/TOO_FEW_NODES/);
    await joins('word first');
    await joins('process first');
    await paying.done('rebalance', '--replicas', '3', '--wait');
    const { placement, replicas } = await cluster.client().clusterStatus();
    expect(placement.buckets.map((bucket) => bucket.replicas.length)).toEqual([3, 3, 3]);
    expect(replicas).toHaveLength(12);
    await paying.isWell();
    // Any one of them may be away now, the first one as well.
    const [rm1] = cluster.rms as [MasProcess];
    await rm1.kill();
    await until(
      'payments go on without rm-1',
      async () => (await paying.bank.pay(paying.accounts[0] ?? '', paying.accounts[2] ?? '', 1n).catch(() => null))?.kind === 'committed',
    );
    paying.payments.forgive();
    await cluster.whole();
    await paying.isWell();
  });
});
