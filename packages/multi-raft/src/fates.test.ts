/**
 * The fate of a proposal is never a guess: "applied" is in every replica's journal exactly once with that result, what
 * is certain not to be in any log never shows up, and everything else is called unknown.
 */
import { chaos, TestCluster } from '@mas/testkit/multi-raft';
import { rmId } from '@mas/values';

const [A, B, C] = [rmId(1), rmId(2), rmId(3)];
const ALL = [A, B, C];

describe('fates of proposals', () => {
  test('a leader that is cut off mid-flight calls its proposals unknown, and later ones not-leader', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const old = cluster.leaderOf(group)!;
    cluster.network.setLinksOf(old, 'silent');
    const inFlight = cluster.process(old).host.propose(group, new TextEncoder().encode('in flight'));
    await cluster.eventually('another process leads', () => ![undefined, old].includes(cluster.leaderOf(group)), 5000);
    expect(await cluster.settling(inFlight)).toEqual({ kind: 'unknown' });
    expect(await cluster.process(old).host.propose(group, new Uint8Array(1))).toEqual({ kind: 'not-leader', leader: null });

    const next = await cluster.settling(cluster.propose(group, 'next'));
    expect(next).toMatchObject({ kind: 'applied', result: 1 });
    cluster.network.setLinksOf(old, 'up');
    await cluster.converged();
    expect(cluster.applier(old, group).appliedLines).toEqual([expect.stringMatching(/:next$/)]);
  });

  test('what was committed when leadership was lost is still answered with its result', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    await cluster.clock.advance(500);
    const leader = cluster.leaderOf(group)!;
    cluster.applier(leader, group).hold();
    const proposed = cluster.propose(group, 'slowly applied');
    await cluster.eventually('it is committed', () => cluster.status(leader, group).commitIndex === cluster.status(leader, group).lastIndex, 200);
    cluster.network.setLinksOf(leader, 'cut');
    const { host } = cluster.process(leader);
    const later = host.propose(group, new TextEncoder().encode('never committed'));
    await cluster.eventually('it has stepped down', () => !host.isLeader(group), 3000);
    expect(await cluster.settling(later)).toEqual({ kind: 'unknown' });
    cluster.applier(leader, group).release();
    expect(await cluster.settling(proposed)).toMatchObject({ kind: 'applied', result: 1 });
  });

  test('a follower refuses with the leader to go to; an unknown group is refused', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const leader = cluster.leaderOf(group)!;
    const follower = ALL.find((rm) => rm !== leader)!;
    expect(await cluster.process(follower).host.propose(group, new Uint8Array(1))).toEqual({ kind: 'not-leader', leader });
    expect(await cluster.process(follower).host.propose(99 as typeof group, new Uint8Array(1))).toEqual({ kind: 'refused', reason: 'no-group' });
  });

  test('an applier that rejects a committed entry ends its replica, and is reported', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const leader = cluster.leaderOf(group)!;
    cluster.applier(leader, group).failure = new Error('broken');
    const fate = await cluster.settling(cluster.propose(group, 'x'));
    expect(fate).toEqual({ kind: 'unknown' });
    expect(cluster.failures).toEqual([expect.objectContaining({ group, what: 'a committed entry could not be applied' })]);
    await cluster.eventually('another one leads', () => cluster.leaderOf(group) !== leader && cluster.leaderOf(group) !== undefined);
  });

  test.each(Array.from({ length: 8 }, (_, seed) => seed + 1))(
    'seed %i: kills, cuts, silence, loss and moves of replicas never make a fate a lie',
    async (seed) => {
      const { applied, reads, moves } = await chaos(seed);
      // Otherwise this test would say nothing.
      expect(applied).toBeGreaterThan(50);
      expect(reads).toBeGreaterThan(10);
      expect(moves).toBeGreaterThan(0);
    },
  );
});
