/** Adding, removing and replacing replicas of running groups, under load: learner first, nothing lost, nobody short of a voter. */
import { founderId } from '@mas/membership';
import { confStateOf, shown, TestCluster } from '@mas/testkit/multi-raft';
import { rmId, type BucketId } from '@mas/values';
import type { ProposalResult, ReplicaChange } from './host';

const [A, B, C, D] = [rmId(1), rmId(2), rmId(3), rmId(4)];
const CONFIG = { balanceMs: 0, retainedEntries: 20, compactionStepEntries: 10, maintenanceMs: 300 };

async function loaded(): Promise<{ cluster: TestCluster; group: BucketId; fates: ProposalResult<number>[]; pass: (ms: number) => Promise<void> }> {
  const cluster = await TestCluster.founded({ config: CONFIG, journal: { checkpointEntries: 20 } });
  const group = cluster.groups[0]!;
  await cluster.leadersEverywhere();
  const fates: ProposalResult<number>[] = [];
  let next = 0;
  const load = (): void => {
    next += 1;
    void cluster.propose(group, `${next}`).then((fate) => fates.push(fate));
    if (next < 400) cluster.clock.schedule(10, load);
  };
  load();
  await cluster.clock.advance(1000);
  return { cluster, group, fates, pass: (ms) => cluster.clock.advance(ms) };
}

function changeAtLeader(cluster: TestCluster, group: BucketId, change: ReplicaChange) {
  return cluster.settling(cluster.process(cluster.leaderOf(group)!).host.changeReplicas(group, change));
}

describe('changing replicas under load', () => {
  test('a fourth replica joins by a snapshot and gets a vote; one of the first three leaves', async () => {
    const { cluster, group, fates } = await loaded();
    await cluster.boot(D);
    await cluster.addGroup(D, group, null);
    expect(await changeAtLeader(cluster, group, { kind: 'add', replica: founderId(D) })).toBe('done');
    const leaving = [A, B, C].find((rm) => rm !== cluster.leaderOf(group))!;
    expect(await changeAtLeader(cluster, group, { kind: 'remove', replica: founderId(leaving) })).toBe('done');
    await cluster.settling(cluster.process(leaving).host.removeGroup(group));
    await cluster.clock.advance(4000);
    await cluster.converged();
    expect(cluster.applier(D, group).installs).toBeGreaterThan(0);
    expect(cluster.status(D, group).voters).toEqual([A, B, C, D].filter((rm) => rm !== leaving).map(founderId));
    expect(new Set(fates.map((one) => one.kind))).toEqual(new Set(['applied']));
    expect(fates.length).toBeGreaterThan(300);
  });

  test('replacing swaps the two in one step', async () => {
    const { cluster, group, fates } = await loaded();
    await cluster.boot(D);
    await cluster.addGroup(D, group, null);
    const old = [A, B, C].find((rm) => rm !== cluster.leaderOf(group))!;
    expect(await changeAtLeader(cluster, group, { kind: 'replace', remove: founderId(old), add: founderId(D) })).toBe('done');
    await cluster.settling(cluster.process(old).host.removeGroup(group));
    await cluster.clock.advance(4000);
    await cluster.converged();
    expect(cluster.status(D, group)).toMatchObject({ voters: [A, B, C, D].filter((rm) => rm !== old).map(founderId), learners: [] });
    expect(new Set(fates.map((one) => one.kind))).toEqual(new Set(['applied']));
  });

  test('a leader hands over before it is removed', async () => {
    const { cluster, group } = await loaded();
    const leader = cluster.leaderOf(group)!;
    expect(await changeAtLeader(cluster, group, { kind: 'remove', replica: founderId(leader) })).toBe('not-leader');
    await cluster.leadersEverywhere();
    expect(cluster.leaderOf(group)).not.toBe(leader);
    expect(await changeAtLeader(cluster, group, { kind: 'remove', replica: founderId(leader) })).toBe('done');
  });

  test('a replica that never shows up is not promoted, and its learner is taken back', async () => {
    const cluster = await TestCluster.founded({ config: { ...CONFIG, catchUpTimeoutMs: 3000 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    expect(await changeAtLeader(cluster, group, { kind: 'add', replica: founderId(D) })).toBe('refused');
    await cluster.eventually('nobody has a learner', () => [A, B, C].every((rm) => cluster.status(rm, group).learners.length === 0));
    expect(cluster.status(A, group).voters).toEqual([A, B, C].map(founderId));
  });

  test('one change at a time; what is already so is done; what would end the group is refused', async () => {
    const cluster = await TestCluster.founded({ config: { ...CONFIG, catchUpTimeoutMs: 3000 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const { host } = cluster.process(cluster.leaderOf(group)!);
    const first = host.changeReplicas(group, { kind: 'add', replica: founderId(D) });
    expect(await cluster.settling(host.changeReplicas(group, { kind: 'remove', replica: founderId(A) }))).toBe('refused');
    await cluster.settling(first);
    expect(await changeAtLeader(cluster, group, { kind: 'add', replica: founderId(A) })).toBe('done');
    expect(await changeAtLeader(cluster, group, { kind: 'remove', replica: founderId(D) })).toBe('done');
    const follower = [A, B, C].find((rm) => rm !== cluster.leaderOf(group))!;
    expect(await cluster.settling(cluster.process(follower).host.changeReplicas(group, { kind: 'add', replica: founderId(D) }))).toBe('not-leader');
  });

  test('a change whose leader is cut off is unknown, and is either done or not everywhere', async () => {
    const { cluster, group } = await loaded();
    const leader = cluster.leaderOf(group)!;
    const removed = [A, B, C].find((rm) => rm !== leader)!;
    cluster.network.setLinksOf(leader, 'silent');
    const outcome = cluster.process(leader).host.changeReplicas(group, { kind: 'remove', replica: founderId(removed) });
    expect(await cluster.settling(outcome)).toBe('unknown');
    cluster.network.setLinksOf(leader, 'up');
    await cluster.clock.advance(4000);
    await cluster.converged();
    const voters = [A, B, C].map((rm) => cluster.status(rm, group).voters.map(shown).join());
    expect(new Set(voters).size).toBe(1);
  });

  test('a single founding member grows to three', async () => {
    const cluster = new TestCluster({ groups: 1, config: CONFIG });
    const group = cluster.groups[0]!;
    await cluster.boot(A);
    await cluster.addGroup(A, group, confStateOf([A]));
    await cluster.leadersEverywhere();
    for (const rm of [B, C]) {
      await cluster.boot(rm);
      await cluster.addGroup(rm, group, null);
      expect(await changeAtLeader(cluster, group, { kind: 'add', replica: founderId(rm) })).toBe('done');
    }
    await cluster.settling(cluster.propose(group, 'x'));
    await cluster.converged();
    expect(cluster.status(C, group).voters).toEqual([A, B, C].map(founderId));
  });

  test('a process that was in the group before cannot help an outdated member to lead, while it waits for its snapshot', async () => {
    const cluster = await TestCluster.founded({ config: CONFIG });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    if (cluster.leaderOf(group) !== A) await cluster.settling(cluster.process(cluster.leaderOf(group)!).host.transferLeadership(group, A));
    // C is away while B leaves: two are left that agree on everything, A and D.
    cluster.network.setLinksOf(C, 'cut');
    await cluster.boot(D);
    cluster.network.setLink(C, D, 'cut');
    await cluster.addGroup(D, group, null);
    expect(await changeAtLeader(cluster, group, { kind: 'replace', remove: founderId(B), add: founderId(D) })).toBe('done');
    await cluster.settling(cluster.process(B).host.removeGroup(group));
    cluster.forgetState(B, group);
    await cluster.settling(cluster.propose(group, 'not known to C'));
    // B comes back empty, and meets C only, whose configuration is that of the past: A, B, C.
    cluster.network.setLinksOf(B, 'cut');
    await cluster.addGroup(B, group, null);
    const { term } = cluster.status(B, group);
    cluster.network.setLink(B, C, 'up');
    await cluster.clock.advance(20_000);
    expect(cluster.process(C).host.isLeader(group)).toBe(false);
    expect(cluster.status(B, group)).toMatchObject({ term, voters: [], leader: null });
  });

  test('a process whose replica was removed can hold one again', async () => {
    const { cluster, group } = await loaded();
    const again = [A, B, C].find((rm) => rm !== cluster.leaderOf(group))!;
    expect(await changeAtLeader(cluster, group, { kind: 'remove', replica: founderId(again) })).toBe('done');
    await cluster.settling(cluster.process(again).host.removeGroup(group));
    cluster.forgetState(again, group);
    await cluster.addGroup(again, group, null);
    expect(await changeAtLeader(cluster, group, { kind: 'add', replica: founderId(again) })).toBe('done');
    await cluster.clock.advance(4000);
    await cluster.converged();
    expect(cluster.status(again, group).voters).toEqual([A, B, C].map(founderId));
  });
});
