/** A host that stops in good order: nobody waits for an election, no proposal is left without an answer. */
import { TestCluster } from '@mas/testkit/multi-raft';
import { rmId } from '@mas/values';

const [A, B, C] = [rmId(1), rmId(2), rmId(3)];

describe('stop', () => {
  test('leaderships are handed over while everything runs; proposals in flight are answered; appliers are stopped', async () => {
    const cluster = await TestCluster.founded({ groups: 9, syncMs: 5 });
    await cluster.leadersEverywhere();
    const led = cluster.groups.filter((group) => cluster.leaderOf(group) === A);
    const { host, appliers } = cluster.process(A);
    const inFlight = led.map((group) => host.propose(group, Uint8Array.of(65)));
    const stopping = host.stop();
    expect(await host.propose(led[0]!, Uint8Array.of(66))).toEqual({ kind: 'refused', reason: 'stopping' });
    expect(await host.readIndex(led[0]!, 1000)).toMatchObject({ kind: 'unavailable' });
    const begunMs = cluster.clock.monotonicMs();
    await cluster.settling(stopping);
    expect(cluster.clock.monotonicMs() - begunMs).toBeLessThan(500);
    expect((await cluster.settling(Promise.all(inFlight))).map((one) => one.kind)).toEqual(led.map(() => 'applied'));
    expect([...appliers.values()].every((one) => one.isStopped)).toBe(true);
    const others = [B, C].map((rm) => cluster.process(rm).host);
    expect(led.every((group) => others.some((one) => one.isLeader(group)))).toBe(true);
    await cluster.settling(host.stop());
  });

  test('without anybody to take over it stops all the same, in bounded time, and what is pending is unknown', async () => {
    const cluster = await TestCluster.founded({ config: { stopHandOverMs: 300, stopFlushMs: 200 } });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const leader = cluster.leaderOf(group)!;
    cluster.network.setLinksOf(leader, 'silent');
    const { host } = cluster.process(leader);
    const pending = host.propose(group, Uint8Array.of(65));
    const read = host.readIndex(group, 60_000);
    await cluster.clock.advance(5);
    const begunMs = cluster.clock.monotonicMs();
    await cluster.settling(host.stop());
    expect(cluster.clock.monotonicMs() - begunMs).toBeLessThan(700);
    expect(await pending).toEqual({ kind: 'unknown' });
    expect(await read).toMatchObject({ kind: 'unavailable' });
    expect(cluster.failures).toEqual([]);
  });

  test('a group of one has nobody to hand over to; its proposals in flight are finished first', async () => {
    const cluster = await TestCluster.founded({ rms: 1, syncMs: 100 });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const pending = cluster.propose(group, 'x');
    await cluster.settling(cluster.process(A).host.stop());
    expect(await pending).toMatchObject({ kind: 'applied' });
  });

  test('a group that is being opened when its host stops takes no part: its applier is stopped, and who adds it is told why', async () => {
    const cluster = await TestCluster.founded();
    await cluster.leadersEverywhere();
    const group = cluster.groups[0]!;
    cluster.kill(A);
    const { host } = await cluster.boot(A);
    const adding = cluster.addGroup(A, group, null).catch((error: unknown) => error);
    const stopping = host.stop();
    expect(await cluster.settling(adding)).toMatchObject({ kind: 'host-stopped' });
    await cluster.settling(stopping);
    expect(cluster.applier(A, group).isStopped).toBe(true);
    expect(host.groups()).toEqual([]);
    expect(await cluster.settling(cluster.addGroup(A, group, null).catch((error: unknown) => error))).toMatchObject({ kind: 'host-stopped' });
    expect(cluster.failures).toEqual([]);
  });

  test('a stopped process restarts where it was', async () => {
    const cluster = await TestCluster.founded({ groups: 3 });
    await cluster.leadersEverywhere();
    await cluster.settling(Promise.all(cluster.groups.map((group) => cluster.propose(group, 'x'))));
    await cluster.settling(cluster.process(B).host.stop());
    cluster.kill(B);
    await cluster.restart(B);
    await cluster.leadersEverywhere();
    await cluster.converged();
  });

  test('removing a group ends its replica here and drops its log, but not its term; rows that are left keep it from joining again', async () => {
    const cluster = await TestCluster.founded({ groups: 2 });
    await cluster.leadersEverywhere();
    const [gone, kept] = [cluster.groups[0]!, cluster.groups[1]!];
    await cluster.settling(cluster.propose(gone, 'x'));
    await cluster.converged();
    const { host, log } = cluster.process(A);
    await cluster.settling(host.removeGroup(gone));
    expect(host.groups()).toEqual([kept]);
    expect(log.storage(gone)!.lastIndex()).toBe(0);
    expect(await host.propose(gone, Uint8Array.of(65))).toEqual({ kind: 'refused', reason: 'no-group' });
    await cluster.eventually('the others lead it', () => cluster.leaderOf(gone) !== undefined);
    expect(log.storage(gone)!.initialState().hardState.term).toBeGreaterThan(0);
    cluster.kill(A);
    expect((await cluster.boot(A)).recovered).toEqual([kept]);
    await expect(cluster.addGroup(A, gone, null)).rejects.toThrow(/was removed from this process, but its applied state is still there/);
    cluster.forgetState(A, gone);
    await cluster.addGroup(A, gone, null);
  });
});
