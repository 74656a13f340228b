/**
 * Every payment ends, whoever died: a decision reaches its legs without the coordinator, a leg that nobody decided
 * asks its home, an authorization and a lock end by their time.
 */
import type { AccountNumber } from '@mas/values';
import { slotOfAccount } from '@mas/placement';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, TestCluster } from './testing/cluster';
import { accountsIn, authorization, commitLeg, createAccount, decideAbort, decideCommit, OPERATOR, OPERATOR_TOKEN, payment, prepare } from './testing/payments';

const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB] = accountsIn(2048, 4095, 1) as [AccountNumber];

async function twoBuckets(): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: 2, buckets: 2 }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 0n)]);
  return cluster;
}

async function balances(cluster: TestCluster): Promise<readonly bigint[]> {
  return [await cluster.balance(ALICE), await cluster.balance(BOB)];
}

async function expectSettled(cluster: TestCluster): Promise<void> {
  for (const [rm, bucket] of [
    [RM_1, BUCKET_1],
    [RM_2, BUCKET_2],
  ] as const) {
    const totals = await cluster.ask(bucket, { kind: 'totals', bucket, atUs: null });
    expect(totals).toMatchObject({ totals: { undecidedLegs: 0 } });
    expect((await cluster.checksum(rm, bucket)).differences).toEqual([]);
  }
  expect(cluster.fatal).toEqual([]);
}

function commitsTold(cluster: TestCluster): number {
  return cluster.requests.filter(({ request }) => request.kind === 'instructions' && request.phase === 'phase-2-commit').length;
}

test('a decision is delivered by the home when the coordinator is gone', async () => {
  const cluster = await twoBuckets();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  expect(await cluster.one(BUCKET_1, decideCommit(p, [BOB]))).toMatchObject({ kind: 'decided', outcome: { untold: [{ account: BOB }] } });
  await cluster.clock.advance(900);
  expect(commitsTold(cluster)).toBe(0);
  await cluster.clock.advance(1_500);
  expect(commitsTold(cluster)).toBe(1);
  expect(await balances(cluster)).toEqual([900n, 100n]);
  await expectSettled(cluster);
});

test('a leg that the coordinator has told costs no second entry, and what it acknowledges is not told again', async () => {
  const cluster = await twoBuckets();
  const told = payment('told', ALICE, BOB, 10n);
  const acknowledged = payment('acknowledged', ALICE, BOB, 10n);
  const commitTimes: unknown[] = [];
  for (const p of [told, acknowledged]) {
    await cluster.one(BUCKET_2, prepare(p, BOB));
    const decided = await cluster.one(BUCKET_1, decideCommit(p, [BOB]));
    commitTimes.push(decided.kind === 'decided' && decided.outcome.decision.kind === 'committed' ? decided.outcome.decision.commitUs : null);
    await cluster.one(BUCKET_2, commitLeg(p, BOB));
  }
  await cluster.one(BUCKET_1, { token: null, instruction: { kind: 'acknowledge', key: acknowledged.key, txn: acknowledged.txn, accounts: [BOB] } });
  const entries = cluster.raft.group(BUCKET_2).entries.length;
  await cluster.clock.advance(3_000);
  expect(cluster.raft.group(BUCKET_2).entries.length).toBe(entries);
  const items = cluster.requests.flatMap(({ request }) => (request.kind === 'instructions' ? request.items : []));
  expect(items.map(({ instruction }) => instruction)).toEqual([{ kind: 'commit', txn: told.txn, account: BOB, commitUs: commitTimes[0] }]);
  await expectSettled(cluster);
});

test('an abort is delivered as a tombstone, and a prepare that comes later is refused', async () => {
  const cluster = await twoBuckets();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_1, decideAbort(p));
  await cluster.clock.advance(3_000);
  expect(await cluster.one(BUCKET_2, prepare(p, BOB))).toMatchObject({ kind: 'leg-ended', leg: { state: 'aborted' } });
  expect(await balances(cluster)).toEqual([1000n, 0n]);
  await expectSettled(cluster);
});

test('delivery goes on until the leg’s bucket can be reached again', async () => {
  const cluster = await twoBuckets();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  cluster.cut.add(RM_2);
  await cluster.one(BUCKET_1, decideCommit(p, [BOB]));
  await cluster.clock.advance(20_000);
  expect(await cluster.preparedLegs(BUCKET_2)).toBe(1);
  cluster.cut.clear();
  await cluster.clock.advance(3_000);
  expect(await balances(cluster)).toEqual([900n, 100n]);
  await expectSettled(cluster);
});

test.each(['before-deliver', 'before-acknowledge'] as const)('the home’s process killed at %s delivers after its restart', async (step) => {
  const cluster = await twoBuckets();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  await cluster.one(BUCKET_1, decideCommit(p, [BOB]));
  cluster.killAt.set(RM_1, step);
  await cluster.clock.until('the home to die', () => !cluster.isUp(RM_1));
  await cluster.restart(RM_1);
  await cluster.clock.advance(4_000);
  expect(await balances(cluster)).toEqual([900n, 100n]);
  await expectSettled(cluster);
});

test('a leg that nobody decided asks its home, which aborts; the late decision is refused', async () => {
  const cluster = await twoBuckets();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  await cluster.clock.advance(2_900);
  expect(await cluster.preparedLegs(BUCKET_2)).toBe(1);
  await cluster.clock.advance(1_500);
  expect(await cluster.preparedLegs(BUCKET_2)).toBe(0);
  expect(await cluster.one(BUCKET_1, decideCommit(p, [BOB]))).toMatchObject({
    kind: 'decided',
    fresh: false,
    outcome: { decision: { kind: 'aborted', reason: { name: 'ABANDONED' } } },
  });
  expect(await balances(cluster)).toEqual([1000n, 0n]);
  await cluster.clock.advance(3_000);
  await expectSettled(cluster);
});

test.each<[string, number]>([
  ['ten minutes back', -600_000],
  ['an hour ahead', 3_600_000],
])('wall clocks that jump %s keep no payment waiting', async (_, jumpMs) => {
  const cluster = await twoBuckets();
  const [undecided, decided] = [payment('undecided', ALICE, BOB, 100n), payment('decided', ALICE, BOB, 10n)];
  for (const p of [undecided, decided]) await cluster.one(BUCKET_2, prepare(p, BOB));
  await cluster.one(BUCKET_1, decideCommit(decided, [BOB]));
  cluster.clock.wallOffsetMs += jumpMs;
  await cluster.clock.advance(4_500);
  expect(await cluster.preparedLegs(BUCKET_2)).toBe(0);
  await cluster.clock.advance(1_500);
  await expectSettled(cluster);
  expect(await balances(cluster)).toEqual([990n, 10n]);
});

test('a leg whose key belongs to another payment is rolled back', async () => {
  const cluster = await twoBuckets();
  const bound = payment('same-id', ALICE, BOB, 100n);
  const other = payment('same-id', ALICE, BOB, 200n);
  await cluster.one(BUCKET_2, prepare(bound, BOB));
  await cluster.one(BUCKET_2, prepare(other, BOB));
  await cluster.one(BUCKET_1, decideCommit(bound, [BOB]));
  await cluster.clock.advance(6_000);
  expect(await balances(cluster)).toEqual([900n, 100n]);
  await expectSettled(cluster);
});

test('hundreds of orphans are resolved in a few requests', async () => {
  const cluster = await twoBuckets();
  const payments = Array.from({ length: 300 }, (_, i) => payment(`p${i}`, ALICE, BOB, 1n));
  await cluster.instruct(
    BUCKET_2,
    payments.map((p) => prepare(p, BOB)),
  );
  await cluster.clock.advance(5_000);
  expect(await cluster.preparedLegs(BUCKET_2)).toBe(0);
  const resolutions = cluster.requests.filter(({ request }) => request.kind === 'instructions' && request.items[0]?.instruction.kind === 'resolve');
  expect(resolutions).toHaveLength(1);
});

test('an authorization frees its money at its time, not before', async () => {
  const cluster = await twoBuckets();
  const expiresAtMs = cluster.clock.wallMs() + 10_000;
  await cluster.one(BUCKET_1, decideCommit(authorization('a', ALICE, 400n, expiresAtMs), []));
  const holds = async (): Promise<unknown> => {
    const reply = await cluster.ask(BUCKET_1, { kind: 'read-accounts', bucket: BUCKET_1, level: 'uncommitted', numbers: [ALICE], token: null, at: 'now' });
    return reply.kind === 'accounts' ? reply.readings[0]?.holdsMinor : reply;
  };
  const entries = cluster.raft.group(BUCKET_1).entries.length;
  await cluster.clock.advance(9_000);
  expect(await holds()).toBe(400n);
  // Apply would refuse what is early; the log is not to be filled with it either.
  expect(cluster.raft.group(BUCKET_1).entries.length).toBe(entries);
  await cluster.clock.advance(2_000);
  expect(await holds()).toBe(0n);
  await expectSettled(cluster);
});

test('a lock ends by the stamp, and its row goes', async () => {
  const cluster = await twoBuckets();
  await cluster.one(BUCKET_1, {
    token: OPERATOR_TOKEN,
    instruction: { kind: 'acquire-lock', slot: slotOfAccount(ALICE), lockId: ALICE, owner: 'handle', mode: 'exclusive', ttlMs: 2_000, subject: OPERATOR },
  });
  const locks = async (): Promise<unknown> => cluster.ask(BUCKET_1, { kind: 'locks', bucket: BUCKET_1, lockId: null });
  expect(await locks()).toMatchObject({ locks: [{ lockId: ALICE, owner: 'handle' }] });
  await cluster.clock.advance(2_100);
  expect(await locks()).toMatchObject({ kind: 'locks', locks: [] });
  await cluster.clock.advance(31_000);
  expect(cluster.database(RM_1).table(BUCKET_1).rows.pinned().locks).toEqual([]);
});
