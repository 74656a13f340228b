/** The meta group keeps the placement map: the first leader writes the configured one and who founded the cluster, newer versions replace it, restarts keep it. */
import { META_GROUP, type PlacementMap } from '@mas/placement';
import { present, rmId } from '@mas/values';
import { BUCKET_1, RM_1, RM_2, TestCluster } from '../testing/cluster';
import { decodePlacement, encodePlacement } from './placement-codec';

async function placementAt(cluster: TestCluster, rm = RM_1): Promise<PlacementMap | null> {
  const reply = await cluster.clock.await(cluster.manager(rm).handle({ kind: 'placement' }, 'tm'));
  if (reply.kind !== 'placement') throw new Error(reply.kind);
  return reply.map;
}

test('the configured placement becomes the map of all replicas, with the founders\u2019 incarnations', async () => {
  const cluster = await new TestCluster({ rms: 2, buckets: 2 }).start();
  const founded = await placementAt(cluster, RM_1);
  expect(founded).toMatchObject({
    version: 2,
    buckets: cluster.placement.buckets,
    cluster: {
      nodes: [
        { rm: 1, ordinal: 0, isLost: false },
        { rm: 2, ordinal: 0, isLost: false },
      ],
      txnVersion: 2,
    },
  });
  expect(await placementAt(cluster, RM_2)).toEqual(founded);
});

test('a newer map replaces it, an older one does not, and both survive a restart from SQL', async () => {
  const cluster = await new TestCluster({ rms: 1 }).start();
  const newer: PlacementMap = {
    ...cluster.placement,
    version: 7,
    resourceManagers: [...cluster.placement.resourceManagers, { rm: rmId(9), address: 'rm-9:1' }],
  };
  const { cluster: founded } = present(await placementAt(cluster), 'map');
  const merged = { ...newer, cluster: founded };
  expect(await cluster.clock.await(cluster.manager(RM_1).proposePlacement(newer))).toEqual(merged);
  expect(await cluster.clock.await(cluster.manager(RM_1).proposePlacement({ ...cluster.placement, version: 6 }))).toEqual(merged);
  await cluster.clock.advance(1_000);
  expect(cluster.database(RM_1).table(META_GROUP).checkpoint.applied.index).toBe(cluster.raft.group(META_GROUP).entries.length);
  cluster.kill(RM_1);
  await cluster.restart(RM_1);
  expect(await placementAt(cluster)).toEqual(merged);
});

test('a bucket is opened once with its slots and policy; a configuration of a higher version changes the policy', async () => {
  const cluster = await new TestCluster({ rms: 1 }).start();
  await cluster.clock.advance(1_000);
  const meta = cluster.database(RM_1).table(BUCKET_1).checkpoint.meta;
  expect(meta).toMatchObject({ epoch: 1, slots: [{ from: 0, to: 4095 }], policy: { version: 1, minimumBalanceMinor: 0n } });
  cluster.kill(RM_1);
  cluster.configure({ policy: { version: 2, numberPattern: 'any', minimumBalanceMinor: 10n, maximumAmountMinor: 1_000n } });
  await cluster.restart(RM_1);
  await cluster.clock.advance(1_000);
  expect(cluster.database(RM_1).table(BUCKET_1).checkpoint.meta?.policy).toMatchObject({ version: 2, minimumBalanceMinor: 10n });
});

test('bytes that no encoder wrote are no map', () => {
  const cluster = new TestCluster({ rms: 2, buckets: 3 });
  expect(decodePlacement(encodePlacement(cluster.placement))).toEqual(cluster.placement);
  expect(() => decodePlacement(Buffer.from('{"format":7}'))).toThrow('known format');
  expect(() => decodePlacement(Buffer.from('nonsense'))).toThrow();
});
