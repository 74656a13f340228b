/** Requests that come by way of a replica which does not lead: what it passes on, as whose, and what it says of its own. */
import type { ParticipantReply, ParticipantRequest, Passage } from '@mas/two-phase-commit';
import { rmId, type AccountNumber, type RmId } from '@mas/values';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, TestCluster } from './testing/cluster';
import { accountsIn, createAccount, decideCommit, payment, prepare } from './testing/payments';

const RM_3 = rmId(3);
const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB] = accountsIn(2048, 4095, 1) as [AccountNumber];
const WISH: Passage = { kind: 'relay', forMs: 1_000 };

/** Three processes, two buckets with a replica in each; RM 1 leads the first, RM 2 the second. */
async function threeProcesses(config = {}): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: 3, buckets: 2, replication: 3, config }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1_000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 0n)]);
  cluster.requests.length = 0;
  return cluster;
}

const read: ParticipantRequest = { kind: 'read-accounts', bucket: BUCKET_1, level: 'uncommitted', numbers: [ALICE], token: null, at: 'now' };

function ask(cluster: TestCluster, rm: RmId, request: ParticipantRequest, passage?: Passage, caller: 'tm' | 'rm' = 'tm'): Promise<ParticipantReply> {
  return cluster.clock.await(cluster.manager(rm).handle(request, caller, passage));
}

test('every replica says who leads, in which term, and whether it hears it', async () => {
  const cluster = await threeProcesses();
  const { term } = cluster.raft.group(BUCKET_1);
  for (const rm of [RM_1, RM_2, RM_3])
    expect(await ask(cluster, rm, { kind: 'who-leads', bucket: BUCKET_1 })).toEqual({ kind: 'leadership', leader: RM_1, term, heardAgoMs: 0 });
  cluster.raft.elect(BUCKET_1, RM_3);
  expect(await ask(cluster, RM_2, { kind: 'who-leads', bucket: BUCKET_1 })).toMatchObject({ leader: RM_3, term: term + 1 });
  expect(cluster.requests).toEqual([]);
});

test('a replica that is asked to passes a request on to the leader, in the role of who asked, and its answer back', async () => {
  const cluster = await threeProcesses();
  expect(await ask(cluster, RM_2, read)).toEqual({ kind: 'not-leader', leader: RM_1 });
  const answer = await ask(cluster, RM_2, read, WISH);
  expect(answer).toEqual(await ask(cluster, RM_1, read));
  expect(answer).toMatchObject({ kind: 'accounts', readings: [{ number: ALICE, balanceMinor: 1_000n }] });
  await ask(cluster, RM_3, read, WISH, 'rm');
  expect(cluster.requests).toEqual([
    { to: RM_1, request: read, passage: { kind: 'relayed', caller: 'tm' } },
    { to: RM_1, request: read, passage: { kind: 'relayed', caller: 'rm' } },
  ]);
});

test('the leader verifies tokens as ever', async () => {
  const cluster = await threeProcesses();
  const stranger: ParticipantRequest = { ...read, token: `account:${BOB}` };
  expect(await ask(cluster, RM_2, stranger, WISH)).toEqual({ kind: 'permission-denied', reason: 'ACCOUNT_OF_ANOTHER_CALLER' });
  const forged = payment('p', ALICE, BOB, 1n);
  const reply = await ask(
    cluster,
    RM_2,
    { kind: 'instructions', bucket: BUCKET_1, phase: 'phase-1', items: [{ ...prepare(forged, ALICE), token: 'forged' }] },
    WISH,
  );
  expect(reply).toMatchObject({ kind: 'outcomes', outcomes: [{ kind: 'unauthenticated' }] });
});

test('nobody but a Resource Manager may say that it passes something on', async () => {
  const cluster = await threeProcesses();
  expect(await ask(cluster, RM_1, read, { kind: 'relayed', caller: 'rm' }, 'tm')).toEqual({
    kind: 'permission-denied',
    reason: 'RELAYED_BY_NO_RESOURCE_MANAGER',
  });
  expect(await ask(cluster, RM_1, read, { kind: 'relayed', caller: 'tm' }, 'rm')).toMatchObject({ kind: 'accounts' });
});

test('what has been passed on is not passed on again', async () => {
  const cluster = await threeProcesses();
  expect(await ask(cluster, RM_2, read, { kind: 'relayed', caller: 'tm' }, 'rm')).toEqual({ kind: 'not-leader', leader: RM_1 });
  expect(cluster.requests).toEqual([]);
});

test('the leader itself answers, and so does any replica what it alone knows', async () => {
  const cluster = await threeProcesses();
  expect(await ask(cluster, RM_1, read, WISH)).toMatchObject({ kind: 'accounts' });
  expect(await ask(cluster, RM_2, { kind: 'checksum', bucket: BUCKET_1, atUs: null }, WISH)).toMatchObject({ kind: 'checksum', checksum: { rm: RM_2 } });
  expect(cluster.requests).toEqual([]);
});

describe('what a relay says of its own', () => {
  test('not-leader where it has sent nothing', async () => {
    const cluster = await threeProcesses();
    cluster.raft.group(BUCKET_1).leader = null;
    expect(await ask(cluster, RM_2, read, WISH)).toEqual({ kind: 'not-leader', leader: null });
    expect(cluster.requests).toEqual([]);
  });

  test('unknown where it has, though it has applied itself what is asked', async () => {
    const cluster = await threeProcesses();
    const p = payment('p', ALICE, BOB, 100n);
    await cluster.one(BUCKET_2, prepare(p, BOB));
    await cluster.one(BUCKET_1, decideCommit(p, [BOB]));
    cluster.cutLinks.add('2>1');
    const retry: ParticipantRequest = { kind: 'instructions', bucket: BUCKET_1, phase: 'phase-2-commit', items: [decideCommit(p, [BOB])] };
    expect(await ask(cluster, RM_2, retry, WISH)).toMatchObject({ kind: 'unknown' });
    expect(await ask(cluster, RM_3, retry, WISH)).toMatchObject({ kind: 'outcomes', outcomes: [{ outcome: { kind: 'decided', fresh: false } }] });
  });

  test('unavailable where it passes on as many as it may', async () => {
    const cluster = await threeProcesses({ maxRelayed: 2 });
    cluster.cutLinks.add('2>1');
    const manager = cluster.manager(RM_2);
    const waiting = [manager.handle(read, 'tm', WISH), manager.handle(read, 'tm', WISH)];
    expect(await ask(cluster, RM_2, read, WISH)).toEqual({ kind: 'unavailable', reason: 'rm-2 passes on 2 requests already (maxRelayed): try again' });
    expect((await cluster.clock.await(Promise.all(waiting))).map(({ kind }) => kind)).toEqual(['unknown', 'unknown']);
    cluster.cutLinks.clear();
    expect(await ask(cluster, RM_2, read, WISH)).toMatchObject({ kind: 'accounts' });
  });
});

describe('questions to a home', () => {
  test('whose leader this process does not reach go through the third one', async () => {
    const cluster = await threeProcesses();
    const p = payment('p', ALICE, BOB, 100n);
    await cluster.one(BUCKET_2, prepare(p, BOB));
    await cluster.one(BUCKET_1, decideCommit(p, [BOB]));
    cluster.requests.length = 0;
    cluster.cutLinks.add('2>1');
    const startedMs = cluster.clock.monotonicMs();
    expect(await cluster.balance(BOB)).toBe(100n);
    expect(cluster.clock.monotonicMs() - startedMs).toBeLessThan(600);
    const queries = cluster.requests.filter(({ request }) => request.kind === 'query');
    expect(queries.map(({ to, passage }) => `${to} ${passage?.kind ?? 'directly'}`)).toEqual(['1 directly', '3 relay', '1 relayed', '3 relay', '1 relayed']);
  });

  test('whose leader hangs go to the next one as soon as there is one', async () => {
    const cluster = await threeProcesses();
    const p = payment('p', ALICE, BOB, 100n);
    await cluster.one(BUCKET_2, prepare(p, BOB));
    await cluster.one(BUCKET_1, decideCommit(p, [BOB]));
    for (const from of [2, 3] as const) cluster.cutLinks.add(`${from}>1`);
    cluster.clock.schedule(200, () => cluster.raft.elect(BUCKET_1, RM_3));
    const startedMs = cluster.clock.monotonicMs();
    expect(await cluster.balance(BOB)).toBe(100n);
    expect(cluster.clock.monotonicMs() - startedMs).toBeLessThan(400);
  });
});
