/** A follower whose entries are compacted gets a snapshot, installed before the log is reset, acknowledged after both. */
import { logIndex, nodeId, NO_DATA, term } from '@mas/raft';
import { confStateOf, TestCluster } from '@mas/testkit/multi-raft';
import { rmId, type RmId } from '@mas/values';

const ALL = [1, 2, 3].map(rmId);
const COMPACTING = { retainedEntries: 5, compactionStepEntries: 5, maintenanceMs: 200 };
const JOURNAL = { checkpointEntries: 10, linesPerChunk: 5 };

/** A cluster in which one process missed so much that the log no longer has it. */
async function leftBehind(options: { readonly groups?: number; readonly snapshotRetryMs?: number } = {}) {
  const { groups = 1, snapshotRetryMs = 1000 } = options;
  const cluster = await TestCluster.founded({ groups, config: { ...COMPACTING, snapshotRetryMs }, journal: JOURNAL });
  await cluster.leadersEverywhere();
  const behind = ALL[2]!;
  cluster.kill(behind);
  await cluster.leadersEverywhere();
  for (let round = 0; round < 8; round += 1) {
    await cluster.settling(Promise.all(cluster.groups.flatMap((group) => [0, 1, 2, 3, 4].map((at) => cluster.propose(group, `${round}.${at}`)))));
    await cluster.clock.advance(300);
  }
  return { cluster, behind };
}

describe('snapshots', () => {
  test('one of a configuration that does not know its receiver, or not from its sender, is refused', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const [from, to, third] = ALL as [RmId, RmId, RmId];
    const offer = (sender: RmId, voters: readonly RmId[]): Promise<void> => {
      const metadata = { index: logIndex(1000), term: term(9), confState: confStateOf(voters) };
      const message = { kind: 'snapshot' as const, from: nodeId(sender), to: nodeId(to), term: term(9), snapshot: { metadata, data: NO_DATA } };
      return cluster.settling(cluster.process(from).transport.sendSnapshot(to, { group, message }, noChunks()));
    };
    await expect(offer(from, [from, third])).rejects.toThrow('not in');
    await expect(offer(third, ALL)).rejects.toThrow('not from its sender');
    expect(cluster.applier(to, group).installs).toBe(0);
  });

  test('a follower that was away catches up by one, and goes on by appends', async () => {
    const { cluster, behind } = await leftBehind();
    const group = cluster.groups[0]!;
    await cluster.restart(behind);
    await cluster.converged();
    expect(cluster.applier(behind, group).installs).toBe(1);
    await cluster.settling(cluster.propose(group, 'afterwards'));
    await cluster.converged();
    expect(cluster.applier(behind, group).installs).toBe(1);
  });

  test('many groups: one snapshot at a time per peer, all in the end', async () => {
    const { cluster, behind } = await leftBehind({ groups: 6 });
    await cluster.restart(behind);
    const installing = (): number => cluster.groups.reduce((sum, group) => sum + cluster.applier(behind, group).installs, 0);
    await cluster.eventually('the first one is there', () => installing() >= 1);
    expect(installing()).toBeLessThan(6);
    await cluster.converged();
    expect(installing()).toBe(6);
  });

  test('a connection that breaks again and again delays it, and nothing half-way is ever taken', async () => {
    const { cluster, behind } = await leftBehind({ snapshotRetryMs: 50 });
    const group = cluster.groups[0]!;
    await cluster.restart(behind);
    const leader = cluster.leaderOf(group)!;
    for (let round = 0; round < 10; round += 1) {
      cluster.network.setLink(leader, behind, 'cut');
      await cluster.clock.advance(30);
      cluster.network.setLink(leader, behind, 'up');
      await cluster.clock.advance(30 + round);
    }
    await cluster.converged();
  });

  test('a crash between installing and the reset of the log: the restart puts the log back to the applied state', async () => {
    const { cluster, behind } = await leftBehind();
    const group = cluster.groups[0]!;
    const before = cluster.store(behind, group).durable.applied.index;
    await cluster.restart(behind);
    await cluster.eventually('it is installed', () => cluster.applier(behind, group).installs === 1);
    // The reset needs a sync, which takes longer than this.
    cluster.kill(behind);
    expect(cluster.store(behind, group).durable.applied.index).toBeGreaterThan(before);
    await cluster.restart(behind);
    await cluster.converged();
    expect(cluster.applier(behind, group).installs).toBe(0);
    expect(cluster.failures).toEqual([]);
  });

  test('the log behind a snapshot that is being sent stays, however long that takes', async () => {
    const { cluster, behind } = await leftBehind();
    const group = cluster.groups[0]!;
    cluster.network.conditions = { ...cluster.network.conditions, minDelayMs: 150, maxDelayMs: 150 };
    await cluster.restart(behind);
    const leader = cluster.leaderOf(group)!;
    for (let round = 0; round < 10; round += 1) {
      for (let at = 0; at < 10; at += 1) void cluster.propose(group, `during.${round}.${at}`);
      await cluster.clock.advance(400);
    }
    await cluster.converged(30_000);
    expect(cluster.applier(behind, group).installs).toBe(1);
    expect(cluster.process(leader).host.isLeader(group)).toBe(true);
  });
});

async function* noChunks(): AsyncGenerator<Uint8Array> {
  // A snapshot without content.
}
