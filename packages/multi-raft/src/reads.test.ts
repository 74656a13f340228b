/** Linearizable reads: confirmed by a quorum and applied here, sharing rounds, and never an answer from a deposed leader. */
import { TestCluster } from '@mas/testkit/multi-raft';
import { rmId } from '@mas/values';
import type { ReadIndexResult } from './host';

const ALL = [1, 2, 3].map(rmId);

describe('reads', () => {
  test('a read sees every write that was answered before it, applied here', async () => {
    const cluster = await TestCluster.founded({ journal: { applyMs: 5 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const written = await cluster.settling(cluster.propose(group, 'x'));
    const leader = cluster.leaderOf(group)!;
    // Committed and not yet applied when the read is asked: the read has to wait for it.
    void cluster.propose(group, 'y');
    const read = await cluster.settling(cluster.process(leader).host.readIndex(group, 1000));
    expect(read.kind).toBe('ready');
    if (read.kind !== 'ready' || written.kind !== 'applied') return;
    expect(read.index).toBeGreaterThanOrEqual(written.index);
    expect(cluster.status(leader, group).appliedIndex).toBeGreaterThanOrEqual(read.index);
  });

  test('a thousand reads at once share a round or two, not one each', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    await cluster.clock.advance(5000);
    const { host, transport } = cluster.process(cluster.leaderOf(group)!);
    const before = transport.sentBatches;
    const reads = await cluster.settling(Promise.all(Array.from({ length: 1000 }, () => host.readIndex(group, 1000))));
    expect(reads.every((one) => one.kind === 'ready')).toBe(true);
    expect(transport.sentBatches - before).toBeLessThanOrEqual(8);
  });

  test('a leader that lost its quorum answers no read', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const leader = cluster.leaderOf(group)!;
    cluster.network.setLinksOf(leader, 'silent');
    const { host } = cluster.process(leader);
    const short = host.readIndex(group, 300);
    const long = host.readIndex(group, 60_000);
    expect(await cluster.settling(short)).toMatchObject({ kind: 'unavailable' });
    expect(await cluster.settling(long)).toMatchObject({ kind: 'not-leader' });
  });

  test('a read at a new leader waits for the first commit of its term, even if Raft drops it before', async () => {
    const cluster = await TestCluster.founded({ syncMs: 40 });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const old = cluster.leaderOf(group)!;
    const written = await cluster.settling(cluster.propose(group, 'before the change'));
    cluster.kill(old);
    const reads: Promise<ReadIndexResult>[] = [];
    await cluster.eventually('somebody else leads', () => {
      const leader = cluster.leaderOf(group);
      if (leader !== undefined) reads.push(cluster.process(leader).host.readIndex(group, 5000));
      return reads.length > 0;
    });
    const [read] = await cluster.settling(Promise.all(reads));
    expect(read).toMatchObject({ kind: 'ready' });
    if (read?.kind === 'ready' && written.kind === 'applied') expect(read.index).toBeGreaterThan(written.index);
  });

  test('a lossy network delays reads and loses none', async () => {
    const cluster = await TestCluster.founded({ network: { lossRate: 0.3, minDelayMs: 1, maxDelayMs: 10 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere(20_000);
    for (let round = 0; round < 20; round += 1) {
      const leader = cluster.leaderOf(group) ?? ALL[0]!;
      const read = await cluster.settling(cluster.process(leader).host.readIndex(group, 5000));
      expect(['ready', 'not-leader']).toContain(read.kind);
    }
  });

  test('a follower says who leads; too many reads are turned away', async () => {
    const cluster = await TestCluster.founded({ config: { maxQueuedReads: 2 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const leader = cluster.leaderOf(group)!;
    expect(await cluster.process(ALL.find((rm) => rm !== leader)!).host.readIndex(group, 100)).toEqual({ kind: 'not-leader', leader });
    const { host } = cluster.process(leader);
    const reads = await cluster.settling(Promise.all([1, 2, 3].map(() => host.readIndex(group, 1000))));
    expect(reads.map((one) => one.kind)).toEqual(['ready', 'ready', 'unavailable']);
  });
});
