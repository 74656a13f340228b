/** Idle groups cost nothing, wake on anything, and miss nothing by having slept. */
import { nodeId } from '@mas/raft';
import { confStateOf, TestCluster } from '@mas/testkit/multi-raft';
import { rmId, type RmId } from '@mas/values';
import { EMPTY_BATCH } from './peer-transport';

const ALL = [1, 2, 3].map(rmId);

async function quietCluster(groups: number): Promise<TestCluster> {
  const cluster = await TestCluster.founded({ groups });
  await cluster.leadersEverywhere();
  await asleep(cluster);
  return cluster;
}

function asleep(cluster: TestCluster): Promise<void> {
  return cluster.eventually(
    'all groups are quiet',
    () =>
      [...cluster.processes.keys()].every((rm) =>
        cluster
          .process(rm)
          .host.status()
          .every((one) => one.quiescent),
      ),
    20_000,
  );
}

describe('quiet groups', () => {
  test('fifty of them send no more than the signs of life of three processes', async () => {
    const cluster = await quietCluster(50);
    const before = ALL.map((rm) => cluster.process(rm).transport.sentBatches);
    await cluster.clock.advance(10_000);
    // Twenty-five signs of life a second, to two peers.
    ALL.forEach((rm, at) => expect(cluster.process(rm).transport.sentBatches - before[at]!).toBeLessThanOrEqual(502));
    expect(cluster.groups.every((group) => cluster.agreesOnLeader(group))).toBe(true);
  });

  test('a proposal to a quiet group takes no longer than to a busy one', async () => {
    const cluster = await quietCluster(1);
    const begunMs = cluster.clock.monotonicMs();
    expect(await cluster.settling(cluster.propose(cluster.groups[0]!, 'x'))).toMatchObject({ kind: 'applied' });
    // One way there, one sync, one way back: 3 ms on this network.
    expect(cluster.clock.monotonicMs() - begunMs).toBeLessThanOrEqual(5);
    await cluster.converged();
    await asleep(cluster);
  });

  test.each(['kill', 'cut', 'silent'] as const)('when the process of a quiet leader is gone (%s) its followers replace it in time', async (how) => {
    const cluster = await quietCluster(6);
    const [gone, ...rest] = ALL;
    const terms = new Map(cluster.groups.map((group) => [group, cluster.status(rest[0]!, group).term]));
    const led = cluster.groups.filter((group) => cluster.leaderOf(group) === gone);
    if (how === 'kill') cluster.kill(gone!);
    else cluster.network.setLinksOf(gone!, how);
    await cluster.eventually(
      'the others lead its groups',
      () => led.every((group) => rest.some((rm) => cluster.process(rm).host.isLeader(group))),
      how === 'silent' ? 2500 : 1000,
    );
    expect(led.length).toBe(2);
    // The others went on without an election.
    for (const group of cluster.groups) if (!led.includes(group)) expect(cluster.status(rest[0]!, group).term).toBe(terms.get(group));
  });

  test('a leader that dies right behind its last heartbeat: what it has said still arrives, the end of its connection too, and nobody falls asleep', async () => {
    const cluster = await TestCluster.founded();
    await cluster.leadersEverywhere();
    const group = cluster.groups[0]!;
    const leader = cluster.leaderOf(group)!;
    const rest = ALL.filter((rm) => rm !== leader);
    const cutOff = new Set<RmId>();
    for (const rm of rest) {
      cluster.process(rm).transport.tap((from, { heartbeats }) => {
        if (from.rm !== leader || !heartbeats.some(({ quiesce }) => quiesce)) return;
        // Before the follower has a turn to look at it.
        cluster.process(rm).transport.disconnectedFrom(leader);
        cutOff.add(rm);
      });
    }
    await cluster.eventually('the last heartbeat', () => cutOff.size === rest.length, 5_000);
    cluster.kill(leader);
    await cluster.eventually('another leads', () => rest.some((rm) => cluster.process(rm).host.isLeader(group)), 2_500);
  });

  test('a dead follower does not keep a group awake, and is brought up to date when it is back', async () => {
    const cluster = await quietCluster(3);
    const group = cluster.groups[0]!;
    const dead = ALL.find((rm) => rm !== cluster.leaderOf(group))!;
    cluster.kill(dead);
    await cluster.leadersEverywhere();
    await cluster.settling(cluster.propose(group, 'while it was away'));
    await asleep(cluster);
    await cluster.restart(dead);
    await cluster.converged(3000);
    await asleep(cluster);
  });

  test('a leader without a quorum stays awake, and steps down', async () => {
    const cluster = await quietCluster(1);
    const group = cluster.groups[0]!;
    const leader = cluster.leaderOf(group)!;
    for (const rm of ALL) if (rm !== leader) cluster.kill(rm);
    await cluster.eventually('it has stepped down', () => !cluster.process(leader).host.isLeader(group), 3000);
  });

  test('a follower that has missed the last heartbeat finds its way back without a new term', async () => {
    const cluster = await TestCluster.founded({ network: { lossRate: 0.25, minDelayMs: 1, maxDelayMs: 20 }, groups: 8 });
    await cluster.leadersEverywhere(20_000);
    await cluster.clock.advance(20_000);
    cluster.network.conditions = { ...cluster.network.conditions, lossRate: 0 };
    await asleep(cluster);
    await cluster.converged();
  });

  test('a learner that missed something is brought up to date as soon as it is back, though it never campaigns', async () => {
    const cluster = new TestCluster({ groups: 1 });
    const group = cluster.groups[0]!;
    const [a, b, learner] = ALL as [RmId, RmId, RmId];
    const confState = { ...confStateOf([a, b]), learners: [nodeId(learner)] };
    for (const rm of ALL) {
      await cluster.boot(rm);
      await cluster.addGroup(rm, group, confState);
    }
    await cluster.leadersEverywhere();
    cluster.network.setLinksOf(learner, 'cut');
    await cluster.settling(cluster.propose(group, 'x'));
    await cluster.eventually('the leader is quiet', () => cluster.status(cluster.leaderOf(group)!, group).quiescent);
    cluster.network.setLinksOf(learner, 'up');
    await cluster.converged(1000);
  });

  test('a follower goes along only if term, log and commit agree', async () => {
    const cluster = await TestCluster.founded({ config: { quiesceAfterMs: 100_000 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    await cluster.settling(cluster.propose(group, 'x'));
    await cluster.clock.advance(1000);
    const leader = cluster.leaderOf(group)!;
    const follower = ALL.find((rm) => rm !== leader)!;
    const { term, lastIndex } = cluster.status(follower, group);
    const asked = async (heartbeat: { readonly term: number; readonly commit: number }): Promise<boolean> => {
      cluster.process(leader).transport.send(follower, { ...EMPTY_BATCH, heartbeats: [{ group, readSequence: 0, quiesce: true, ...heartbeat }] });
      await cluster.clock.advance(3);
      return cluster.status(follower, group).quiescent;
    };
    expect(await asked({ term, commit: lastIndex - 1 })).toBe(false);
    expect(await asked({ term: term - 1, commit: lastIndex })).toBe(false);
    expect(await asked({ term, commit: lastIndex })).toBe(true);
    await cluster.eventually('the next heartbeat has woken it', () => !cluster.status(follower, group).quiescent, 300);
  });

  test('quiescence can be switched off', async () => {
    const cluster = await TestCluster.founded({ config: { quiesceAfterMs: 0 } });
    await cluster.leadersEverywhere();
    await cluster.clock.advance(10_000);
    expect(cluster.status(ALL[0]!, cluster.groups[0]!).quiescent).toBe(false);
  });
});
