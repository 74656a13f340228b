/** What one group's applied state cannot take ends that group's replica, and neither the process nor its other groups. */
import { TestCluster } from '@mas/testkit/multi-raft';
import { bucketId, rmId } from '@mas/values';
import { GroupStopped } from './applier';

const [BAD, GOOD] = [bucketId(1), bucketId(2)];
const RMS = [rmId(1), rmId(2), rmId(3)];
const stopped = (): GroupStopped => new GroupStopped('entry 7 cannot be applied');

const started = async (seed: number): Promise<TestCluster> => {
  const cluster = await TestCluster.founded({ groups: 2, seed });
  await cluster.leadersEverywhere();
  return cluster;
};

const applied = async (cluster: TestCluster, group = BAD): Promise<void> => {
  let fate = 'none';
  await cluster.eventually(`group ${group} applies something`, () => {
    if (fate !== 'asking' && fate !== 'applied') {
      fate = 'asking';
      void cluster.propose(group, 'x').then((result) => (fate = result.kind));
    }
    return fate === 'applied';
  });
};

test.each([1, 2, 3])('a leader that cannot apply leaves the group to the others (seed %i)', async (seed) => {
  const cluster = await started(seed);
  const leader = cluster.leaderOf(BAD)!;
  cluster.applier(leader, BAD).failure = stopped();
  expect(await cluster.settling(cluster.propose(BAD, 'poison'))).toEqual({ kind: 'unknown' });
  expect(cluster.status(leader, BAD)).toMatchObject({ role: 'stopped', leader: null });
  expect(cluster.process(leader).host.isLeader(BAD)).toBe(false);
  await applied(cluster);
  expect(cluster.leaderOf(BAD)).not.toBe(leader);
  await applied(cluster, GOOD);
  expect(cluster.failures).toEqual([]);
});

test('a follower that cannot apply is as good as gone', async () => {
  const cluster = await started(4);
  const follower = RMS.find((rm) => rm !== cluster.leaderOf(BAD))!;
  cluster.applier(follower, BAD).failure = stopped();
  await applied(cluster);
  await cluster.eventually('the follower has stopped', () => cluster.status(follower, BAD).role === 'stopped');
  await applied(cluster);
  await applied(cluster, GOOD);
  expect(cluster.failures).toEqual([]);
});

test('where no majority can apply the group is without a leader, and the others go on', async () => {
  const cluster = await started(5);
  for (const rm of RMS) cluster.applier(rm, BAD).failure = stopped();
  await cluster.settling(cluster.propose(BAD, 'poison'));
  await cluster.eventually('two of three have stopped', () => RMS.filter((rm) => cluster.status(rm, BAD).role === 'stopped').length >= 2);
  await applied(cluster, GOOD);
  expect(cluster.leaderOf(BAD)).toBeUndefined();
  expect(cluster.failures).toEqual([]);
});

test('a leader that is told to stop hands over first, also a quiet one', async () => {
  const cluster = await started(6);
  const leader = cluster.leaderOf(BAD)!;
  await cluster.eventually('the group is quiet', () => RMS.every((rm) => cluster.status(rm, BAD).quiescent));
  await cluster.settling(cluster.process(leader).host.stopGroup(BAD, stopped()));
  expect(cluster.status(leader, BAD).role).toBe('stopped');
  await applied(cluster);
  expect(cluster.leaderOf(BAD)).not.toBe(leader);
});
