/** An audit of a replica's rows: what it finds, what it compares with other replicas, and when it ends. */
import { withEarlier } from '@mas/ledger';
import type { ReplicaFindings, ParticipantReply } from '@mas/two-phase-commit';
import { present, type AccountNumber, type RmId } from '@mas/values';
import { BUCKET_1, RM_1, RM_2, RM_3, TestCluster } from '../testing/cluster';
import { accountsIn, createAccount, decideCommit, payment } from '../testing/payments';
import type { AuditRequest } from './audit-runs';

const [FROM, TO] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];

/** For a barrier that does not come, because the leader is not asked. */
const WAITS_MS = 5_000;

async function started(): Promise<TestCluster> {
  const config = { deliverAfterMs: 500_000, resolveAfterMs: 600_000, readTimeoutMs: WAITS_MS };
  const cluster = await new TestCluster({ rms: 3, replication: 3, config }).start();
  await cluster.instruct(BUCKET_1, [createAccount(FROM, 1_000n), createAccount(TO, 0n)]);
  return cluster;
}

const pay = (cluster: TestCluster, name: string): Promise<unknown> => cluster.one(BUCKET_1, decideCommit(payment(name, FROM, TO, 1n), []));

/** Of all that has happened. */
const ahead = (cluster: TestCluster): number => cluster.clock.wallMs() * 1_000 + 100_000;

function followerOf(cluster: TestCluster): RmId {
  const { leader } = cluster.raft.group(BUCKET_1);
  return present(
    [RM_1, RM_2].find((rm) => rm !== leader),
    'follower',
  );
}

function asked(cluster: TestCluster, rm: RmId, id: string, more: Partial<AuditRequest> = {}): Promise<ParticipantReply> {
  const us = ahead(cluster);
  const request = {
    kind: 'audit',
    bucket: BUCKET_1,
    id,
    momentUs: us,
    timesSinceUs: 0,
    barrierUs: us,
    from: null,
    parts: [],
    slots: null,
    isEnding: false,
    ...more,
  } as const;
  return cluster.manager(rm).handle(request, 'tm');
}

async function findings(cluster: TestCluster, replies: readonly Promise<ParticipantReply>[]): Promise<readonly ReplicaFindings[]> {
  const all = await cluster.clock.await(Promise.all(replies));
  return all.map((reply) => {
    if (reply.kind !== 'audit' || reply.findings === null) throw new Error(JSON.stringify(reply));
    return reply.findings;
  });
}

test('replicas say the same of a moment, one of them of later rows; and the same again', async () => {
  const cluster = await started();
  await pay(cluster, 'p');
  const momentUs = ahead(cluster);
  const first = await findings(
    cluster,
    [RM_1, RM_2, RM_3].map((rm) => asked(cluster, rm, 'first', { momentUs, barrierUs: momentUs })),
  );
  await pay(cluster, 'later');
  const [later] = await findings(cluster, [asked(cluster, RM_1, 'second', { momentUs, barrierUs: momentUs })]);
  for (const { moment } of [...first, present(later, 'findings')]) expect(moment).toEqual(first[0]?.moment);
  expect(first[0]).toMatchObject({ checksum: { differences: [], accounts: 2, legs: 2 }, moment: { accounts: 2, legs: 2, decidedLegs: 2 } });
  expect(later?.checksum).toMatchObject({ accounts: 2, legs: 4 });
  const [listed] = await findings(cluster, [
    asked(cluster, RM_1, 'listed', { momentUs, barrierUs: momentUs, parts: Array.from({ length: 1_024 }, (_, part) => part) }),
  ]);
  expect(listed?.moment?.listing?.legs.map(({ account }) => account).sort()).toEqual([FROM, TO].sort());
});

test('of what an earlier report has only what came later is read, and the two are the whole', async () => {
  const cluster = await started();
  await pay(cluster, 'p');
  const firstUs = ahead(cluster);
  const [first] = await findings(cluster, [asked(cluster, RM_1, 'first', { momentUs: firstUs, barrierUs: firstUs })]);
  const earlier = present(first?.moment, 'report');
  await cluster.clock.advance(5_000);
  for (const name of ['q', 'r']) await pay(cluster, name);
  const momentUs = ahead(cluster);
  const from = { us: firstUs, laterMs: earlier.laterMs };
  const [whole] = await findings(cluster, [asked(cluster, RM_1, 'whole', { momentUs, barrierUs: momentUs })]);
  const [later] = await findings(cluster, [asked(cluster, RM_1, 'later', { momentUs, barrierUs: momentUs, from })]);
  expect([whole?.checksum.legs, later?.checksum.legs]).toEqual([6, 4]);
  expect(withEarlier(earlier, present(later?.moment, 'report'))).toEqual(whole?.moment);
});

test('within a second it says how far it has come; asked again it goes on, and once it is over it says so again', async () => {
  const cluster = await started();
  const barrierUs = ahead(cluster) + 60_000_000;
  const momentUs = ahead(cluster) - 100_000;
  const sinceMs = cluster.clock.monotonicMs();
  const again = (): Promise<ParticipantReply> => cluster.clock.await(asked(cluster, followerOf(cluster), 'one', { momentUs, barrierUs }));
  expect(await again()).toEqual({ kind: 'audit', rows: 0, permille: 0, findings: null });
  expect(cluster.clock.monotonicMs() - sinceMs).toBeLessThan(2_000);
  let last = await again();
  for (let n = 0; n < 10 && last.kind === 'audit' && last.findings === null; n += 1) last = await again();
  expect(last).toMatchObject({ kind: 'audit', permille: 1_000, findings: { checksum: { differences: [] } } });
  expect(await again()).toEqual(last);
});

test('rows that take longer to write than applying may stand still for are read once they are there', async () => {
  const cluster = await started();
  await pay(cluster, 'p');
  const momentUs = ahead(cluster);
  const [other] = await findings(
    cluster,
    [RM_1, RM_2, RM_3].map((rm) => asked(cluster, rm, 'first', { momentUs, barrierUs: momentUs })),
  );
  await pay(cluster, 'q');
  const rm = followerOf(cluster);
  let written = (): void => undefined;
  cluster.database(rm).writing = new Promise((resolve) => {
    written = resolve;
  });
  const again = (): Promise<ParticipantReply> => cluster.clock.await(asked(cluster, rm, 'one', { momentUs, barrierUs: momentUs }));
  for (let asking = 0; asking < 4 * (WAITS_MS / 1_000); asking += 1) expect(await again()).toEqual({ kind: 'audit', rows: 0, permille: 0, findings: null });
  written();
  let last = await again();
  for (let n = 0; n < 10 && last.kind === 'audit' && last.findings === null; n += 1) last = await again();
  expect(last).toMatchObject({ kind: 'audit', findings: { checksum: { differences: [], legs: 4 }, moment: present(other?.moment, 'report') } });
});

test('so many at a time and no more; one that is ended, or that nobody asks about, makes room', async () => {
  const cluster = await started();
  const begin = (id: string, more: Partial<AuditRequest> = {}): Promise<ParticipantReply> =>
    cluster.clock.await(asked(cluster, followerOf(cluster), id, { barrierUs: ahead(cluster) + 600_000_000, ...more }));
  for (const id of ['a', 'b', 'c', 'd']) expect(await begin(id)).toMatchObject({ kind: 'audit', findings: null });
  expect(await begin('e')).toEqual({ kind: 'unavailable', reason: '4 other audits read this replica' });
  await begin('a', { isEnding: true });
  expect(await begin('e')).toMatchObject({ kind: 'audit' });
  expect(await begin('a')).toMatchObject({ kind: 'unavailable' });
  await cluster.clock.advance(21_000);
  expect(await begin('f')).toMatchObject({ kind: 'audit', findings: null });
});

test('of before its moments it says that they are not kept', async () => {
  const cluster = await started();
  expect(await cluster.clock.await(asked(cluster, RM_1, 'old', { momentUs: 1 }))).toMatchObject({ kind: 'no-moment', why: 'before' });
});
