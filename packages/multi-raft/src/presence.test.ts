/**
 * Without a quorum nobody waits for one: its leader gives up, after a second every caller hears who is missing, and what is in a log is
 * called unknown. An election, which has its quorum, is not mistaken for it.
 */
import { TestCluster } from '@mas/testkit/multi-raft';
import { rmId } from '@mas/values';

const ALL = [rmId(1), rmId(2), rmId(3)];
const DATA = new TextEncoder().encode('x');

async function founded(): Promise<{
  readonly cluster: TestCluster;
  readonly group: TestCluster['groups'][number];
  readonly leader: (typeof ALL)[number];
  readonly followers: typeof ALL;
}> {
  const cluster = await TestCluster.founded({});
  const group = cluster.groups[0]!;
  await cluster.leadersEverywhere();
  const leader = cluster.leaderOf(group)!;
  return { cluster, group, leader, followers: ALL.filter((rm) => rm !== leader) };
}

describe('a group without a quorum', () => {
  test('a follower that is left alone says so after a second, with figures, and takes nothing', async () => {
    const { cluster, group, leader, followers } = await founded();
    const [alone, other] = followers;
    cluster.kill(leader);
    cluster.kill(other!);
    const { host } = cluster.process(alone!);
    expect(host.missingQuorum(group)).toBeNull();
    await cluster.eventually('it misses its quorum', () => host.missingQuorum(group) !== null, 1_200);
    expect(host.missingQuorum(group)).toMatchObject({ up: 1, of: 3, needed: 2 });
    expect(await host.propose(group, DATA)).toMatchObject({ kind: 'no-quorum', missing: { up: 1, of: 3, needed: 2 } });
    expect(await host.readIndex(group, 10_000)).toMatchObject({ kind: 'no-quorum' });
    await cluster.restart(other!);
    await cluster.eventually('it is whole again', () => cluster.leaderOf(group) !== undefined && host.missingQuorum(group) === null, 5_000);
    expect(await cluster.settling(cluster.propose(group, 'again'))).toMatchObject({ kind: 'applied' });
  });

  test.each(['cut', 'silent'] as const)(
    'a leader that is left alone (%s) answers what waits before it steps down: in its log unknown, reads and new proposals no quorum',
    async (links) => {
      const { cluster, group, leader } = await founded();
      const { host } = cluster.process(leader);
      cluster.network.setLinksOf(leader, links);
      const startedMs = cluster.clock.monotonicMs();
      const [proposed, read] = [host.propose(group, DATA), host.readIndex(group, 60_000)];
      expect(await cluster.settling(proposed)).toEqual({ kind: 'unknown' });
      expect((await cluster.settling(read)).kind).toMatch(/no-quorum|not-leader/);
      // A young process allows half a second of silence; a lost connection is given the least.
      expect(cluster.clock.monotonicMs() - startedMs).toBeLessThanOrEqual(600);
      expect(host.isLeader(group)).toBe(false);
      await cluster.eventually('it misses its quorum', () => host.missingQuorum(group) !== null, 1_000);
      expect(await host.propose(group, DATA)).toMatchObject({ kind: 'no-quorum', missing: { up: 1, of: 3, needed: 2 } });
    },
  );

  test('an election is not mistaken for it', async () => {
    const { cluster, group, leader, followers } = await founded();
    cluster.kill(leader);
    const seen = new Set<string>();
    await cluster.eventually(
      'another leads',
      () => {
        for (const rm of followers) seen.add(String(cluster.process(rm).host.missingQuorum(group)));
        return cluster.leaderOf(group) !== undefined;
      },
      5_000,
    );
    expect([...seen]).toEqual(['null']);
  });
});
