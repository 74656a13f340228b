/**
 * A payment survives whatever dies around it: killed at every named step of the way, the process comes back, replays
 * the log from SQL's applied index, and the same instruction gives the same answer. Nothing twice, nothing lost.
 */
import type { AccountNumber } from '@mas/values';
import type { FailpointName } from './failpoints';
import { BUCKET_1, RM_1, TestCluster } from './testing/cluster';
import { accountsIn, createAccount, decideCommit, payment } from './testing/payments';

const [ALICE, BOB] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];

async function started(): Promise<TestCluster> {
  const cluster = await new TestCluster().start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n), createAccount(BOB, 0n)]);
  return cluster;
}

test('a payment in one bucket is one entry and is answered alike ever after', async () => {
  const cluster = await started();
  const p = payment('p1', ALICE, BOB, 300n);
  const entriesBefore = cluster.raft.group(BUCKET_1).entries.length;
  const first = await cluster.one(BUCKET_1, decideCommit(p, []));
  expect(first).toMatchObject({ kind: 'decided', fresh: true, outcome: { decision: { kind: 'committed' } } });
  expect(cluster.raft.group(BUCKET_1).entries.length).toBe(entriesBefore + 1);
  const again = await cluster.one(BUCKET_1, decideCommit(p, []));
  expect(again).toMatchObject({ kind: 'decided', fresh: false, outcome: { decision: { kind: 'committed' } } });
  expect(await cluster.balance(ALICE)).toBe(700n);
  expect(await cluster.balance(BOB)).toBe(300n);
  expect(cluster.fatal).toEqual([]);
});

test('what arrives in one turn, and while an entry is under way, shares entries', async () => {
  const cluster = await started();
  const before = cluster.raft.group(BUCKET_1).entries.length;
  const payments = Array.from({ length: 50 }, (_, i) => payment(`burst-${i}`, ALICE, BOB, 1n));
  const replies = await cluster.clock.await(
    Promise.all(
      payments.map((p) =>
        cluster.manager(RM_1).handle({ kind: 'instructions', bucket: BUCKET_1, phase: 'phase-2-commit', items: [decideCommit(p, [])] }, 'tm'),
      ),
    ),
  );
  expect(replies.every((reply) => reply.kind === 'outcomes')).toBe(true);
  expect(cluster.raft.group(BUCKET_1).entries.length - before).toBeLessThanOrEqual(2);
  expect(await cluster.balance(BOB)).toBe(50n);
});

const STEPS: readonly FailpointName[] = ['before-propose', 'after-apply-before-reply', 'before-checkpoint', 'after-checkpoint'];

describe.each(STEPS)('killed at %s', (step) => {
  test.each([1, 2, 3])('with %i payments before it, every payment counts once', async (paymentsBefore) => {
    const cluster = await started();
    for (let i = 0; i < paymentsBefore; i += 1) await cluster.one(BUCKET_1, decideCommit(payment(`before-${i}`, ALICE, BOB, 10n), []));
    cluster.killAt.set(RM_1, step);
    const p = payment('killed', ALICE, BOB, 100n);
    void cluster.manager(RM_1).handle({ kind: 'instructions', bucket: BUCKET_1, phase: 'phase-2-commit', items: [decideCommit(p, [])] }, 'tm');
    await cluster.clock.until(`the process to die at ${step}`, () => !cluster.killAt.has(RM_1));
    await cluster.restart(RM_1);
    const answer = await cluster.one(BUCKET_1, decideCommit(p, []));
    expect(answer).toMatchObject({ kind: 'decided', fresh: step === 'before-propose', outcome: { decision: { kind: 'committed' } } });
    expect(await cluster.balance(BOB)).toBe(100n + BigInt(paymentsBefore) * 10n);
    expect((await cluster.checksum(RM_1, BUCKET_1)).differences).toEqual([]);
    expect(cluster.fatal).toEqual([]);
  });
});

test('a COMMIT whose answer was lost is not written twice', async () => {
  const cluster = await started();
  cluster.database(RM_1).lostCommits = 3;
  for (let i = 0; i < 5; i += 1) await cluster.one(BUCKET_1, decideCommit(payment(`p${i}`, ALICE, BOB, 10n), []));
  await cluster.clock.advance(5_000);
  expect(cluster.database(RM_1).table(BUCKET_1).checkpoint.applied.index).toBe(cluster.raft.group(BUCKET_1).entries.length);
  expect((await cluster.checksum(RM_1, BUCKET_1)).differences).toEqual([]);
  expect(cluster.fatal).toEqual([]);
});

test('killed again and again at random steps of a run of payments: every acknowledged payment stays, none counts twice', async () => {
  const cluster = await started();
  const acknowledged = new Set<number>();
  for (let i = 0; i < 40; i += 1) {
    const step = STEPS[i % STEPS.length];
    if (i % 3 === 0 && step !== undefined) cluster.killAt.set(RM_1, step);
    const items = [decideCommit(payment(`run-${i}`, ALICE, BOB, 1n), [])];
    let done = false;
    void cluster
      .manager(RM_1)
      .handle({ kind: 'instructions', bucket: BUCKET_1, phase: 'phase-2-commit', items }, 'tm')
      .then((reply) => {
        done = true;
        if (reply.kind === 'outcomes') acknowledged.add(i);
      });
    await cluster.clock.until('an answer or the death', () => done || !cluster.isUp(RM_1));
    if (!cluster.isUp(RM_1)) await cluster.restart(RM_1);
  }
  cluster.killAt.clear();
  expect(acknowledged.size).toBeGreaterThan(20);
  for (let i = 0; i < 40; i += 1) {
    const answer = await cluster.one(BUCKET_1, decideCommit(payment(`run-${i}`, ALICE, BOB, 1n), []));
    expect(answer).toMatchObject({ kind: 'decided', ...(acknowledged.has(i) ? { fresh: false } : {}) });
  }
  expect(await cluster.balance(BOB)).toBe(40n);
  expect((await cluster.checksum(RM_1, BUCKET_1)).differences).toEqual([]);
});

test('a clean stop leaves nothing to replay', async () => {
  const cluster = await started();
  await cluster.one(BUCKET_1, decideCommit(payment('p1', ALICE, BOB, 10n), []));
  await cluster.clock.await(cluster.manager(RM_1).stop());
  expect(cluster.database(RM_1).table(BUCKET_1).checkpoint.applied.index).toBe(cluster.raft.group(BUCKET_1).entries.length);
  expect(await cluster.clock.await(cluster.manager(RM_1).handle({ kind: 'status' }, 'tm'))).toEqual({ kind: 'unavailable', reason: 'stopping' });
});

test('an older process that was only slow cannot write any more', async () => {
  const cluster = await started();
  await cluster.one(BUCKET_1, decideCommit(payment('p1', ALICE, BOB, 10n), []));
  // Another process opens the tables before the first one's checkpoint.
  await cluster
    .database(RM_1)
    .connect(() => true)
    .openBucket(BUCKET_1);
  await cluster.clock.advance(1_000);
  expect(cluster.fatal.map(String)).toEqual([expect.stringContaining('another process has taken over its tables')]);
});
