/** Every queue has its bound: too much is refused with certainty, a slow disk, applier or peer holds up nobody else. */
import { TestCluster } from '@mas/testkit/multi-raft';
import { rmId, type BucketId } from '@mas/values';

const ALL = [1, 2, 3].map(rmId);

function proposeMany(cluster: TestCluster, group: BucketId, count: number, bytes = 10) {
  const { host } = cluster.process(cluster.leaderOf(group)!);
  return Array.from({ length: count }, () => host.propose(group, new Uint8Array(bytes).fill(65)));
}

describe('backpressure', () => {
  test('proposals beyond the queue are refused as overloaded, the others are applied', async () => {
    const cluster = await TestCluster.founded({ config: { maxQueuedProposals: 50, maxProposalsPerTurn: 50 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const fates = await cluster.settling(Promise.all(proposeMany(cluster, group, 80)));
    expect(fates.filter((one) => one.kind === 'applied')).toHaveLength(50);
    expect(fates.filter((one) => one.kind === 'refused' && one.reason === 'overloaded')).toHaveLength(30);
  });

  test('bytes count as well, yet one proposal always fits', async () => {
    const cluster = await TestCluster.founded({ config: { maxQueuedProposalBytes: 1000 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const fates = await cluster.settling(Promise.all(proposeMany(cluster, group, 3, 600)));
    expect(fates.map((one) => one.kind)).toEqual(['applied', 'refused', 'refused']);
    expect((await cluster.settling(Promise.all(proposeMany(cluster, group, 1, 5000))))[0]).toMatchObject({ kind: 'applied' });
  });

  test('an applier that stands still fills the log only up to the limit; proposals wait, then are refused, and none is lost', async () => {
    const cluster = await TestCluster.founded({
      config: { maxUncommittedBytes: 2000, maxQueuedProposals: 100, maxProposalsPerTurn: 10, maxInflightBytes: 1_048_576 },
    });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const leader = cluster.leaderOf(group)!;
    cluster.applier(leader, group).hold();
    const first = proposeMany(cluster, group, 100, 100);
    await cluster.clock.advance(2000);
    expect(cluster.status(leader, group).queuedProposals).toBe(100);
    const inLog = cluster.status(leader, group).lastIndex - 2;
    expect(inLog).toBeGreaterThan(0);
    expect(inLog).toBeLessThanOrEqual(20);
    const second = proposeMany(cluster, group, 100, 100);
    cluster.applier(leader, group).release();
    const fates = await cluster.settling(Promise.all([...first, ...second]));
    const applied = fates.filter((one) => one.kind === 'applied').length;
    expect(fates.every((one) => one.kind === 'applied' || (one.kind === 'refused' && one.reason === 'overloaded'))).toBe(true);
    expect(applied).toBeGreaterThanOrEqual(100);
    await cluster.converged();
    expect(cluster.applier(ALL[0]!, group).appliedLines).toHaveLength(applied);
  });

  test('a follower whose applied state stands still refuses appends beyond its cap, and the group goes on', async () => {
    const cluster = await TestCluster.founded({ config: { maxUnappliedEntries: 60, maxEntriesPerApply: 20, balanceMs: 0 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const slow = ALL.find((rm) => rm !== cluster.leaderOf(group))!;
    cluster.applier(slow, group).hold();
    for (let round = 0; round < 10; round += 1)
      expect((await cluster.settling(Promise.all(proposeMany(cluster, group, 50)))).every((one) => one.kind === 'applied')).toBe(true);
    const { lastIndex, appliedIndex } = cluster.status(slow, group);
    expect(lastIndex - appliedIndex).toBeLessThanOrEqual(60 + 50);
    // A group with somebody to bring up is not at rest, idle as it may look.
    await cluster.clock.advance(5000);
    expect(cluster.status(cluster.leaderOf(group)!, group).quiescent).toBe(false);
    cluster.applier(slow, group).release();
    await cluster.converged();
  });

  test('a slow link to one peer delays neither the group nor others', async () => {
    const cluster = await TestCluster.founded({ groups: 5, network: { maxInFlight: 3 } });
    await cluster.leadersEverywhere();
    const slow = ALL[2]!;
    const group = cluster.groups.find((one) => cluster.leaderOf(one) !== slow)!;
    cluster.network.setLink(cluster.leaderOf(group)!, slow, 'silent');
    const begunMs = cluster.clock.monotonicMs();
    for (let round = 0; round < 20; round += 1) await cluster.settling(Promise.all(proposeMany(cluster, group, 20)));
    expect(cluster.clock.monotonicMs() - begunMs).toBeLessThan(200);
  });
});
