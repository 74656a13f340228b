/** Who leads: after founding, after a process dies in different ways, and that clients hear a fate for every proposal. */
import { logIndex, nodeId, term, type PeerMessage } from '@mas/raft';
import { TestCluster } from '@mas/testkit/multi-raft';
import { rmId, type RmId } from '@mas/values';
import { EMPTY_BATCH } from './peer-transport';

const [A, B, C] = [rmId(1), rmId(2), rmId(3)];

describe('elections', () => {
  test('founding: every group gets a leader at once, evenly spread, with nothing lost', async () => {
    const cluster = await TestCluster.founded({ groups: 12 });
    await cluster.leadersEverywhere(1500);
    expect(cluster.leaderCounts()).toEqual({ 1: 4, 2: 4, 3: 4 });
    expect(cluster.failures).toEqual([]);
  });

  test('a proposal is applied everywhere, and its result is that of its own entry', async () => {
    const cluster = await TestCluster.founded({ groups: 2 });
    await cluster.leadersEverywhere();
    const fates = await cluster.settling(Promise.all(['a', 'b', 'c'].map((text) => cluster.propose(cluster.groups[0]!, text))));
    expect(fates).toEqual([1, 2, 3].map((result) => expect.objectContaining({ kind: 'applied', result })));
    await cluster.converged();
    expect(cluster.applier(C, cluster.groups[0]!).appliedLines.map((line) => line.split(':')[1])).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['killed: its connections break', (cluster: TestCluster) => cluster.kill(A), 1000],
    ['cut off: its connections break', (cluster: TestCluster) => cluster.network.setLinksOf(A, 'cut'), 1000],
    ['silent: nobody is told', (cluster: TestCluster) => cluster.network.setLinksOf(A, 'silent'), 2500],
  ])('a leader that is %s is replaced within %#', async (_, harm, limitMs) => {
    const cluster = await TestCluster.founded({ groups: 9 });
    await cluster.leadersEverywhere();
    harm(cluster);
    const alive = [B, C].map((rm) => cluster.process(rm).host);
    await cluster.eventually('B or C lead everything', () => cluster.groups.every((group) => alive.some((host) => host.isLeader(group))), limitMs);
  });

  test('a process speaks for its own replicas only, and not of what hosts do not exchange', async () => {
    const cluster = await TestCluster.founded({ config: { balanceMs: 0 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const leader = cluster.leaderOf(group)!;
    const [liar, third] = [A, B, C].filter((rm) => rm !== leader) as [RmId, RmId];
    const { term: current } = cluster.status(leader, group);
    const route = { to: nodeId(leader), term: term(current + 5) };
    const forged: PeerMessage[] = [
      { kind: 'append-accepted', from: nodeId(third), ...route, index: logIndex(0) },
      { kind: 'transfer-leader', from: nodeId(liar), ...route, transferee: nodeId(liar) },
      { kind: 'propose', from: nodeId(liar), to: nodeId(leader), entries: [{ type: 'normal', data: Uint8Array.of(66) }] },
    ];
    cluster.process(liar).transport.send(leader, { ...EMPTY_BATCH, messages: forged.map((message) => ({ group, message })) });
    await cluster.clock.advance(500);
    expect(cluster.status(leader, group)).toMatchObject({ role: 'leader', term: current });
    expect(cluster.applier(leader, group).appliedLines).toEqual([]);
  });
});
