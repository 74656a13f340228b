/** The commit time that a home has recorded reaches every leg, whoever brings it: its driver, a leg's leader that asks, a debit that waits, a read. */
import type { LegRow } from '@mas/ledger';
import type { ItemOutcome } from '@mas/two-phase-commit';
import { silentLogger, type AccountNumber } from '@mas/values';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, TestCluster } from './testing/cluster';
import { accountsIn, commitLeg, createAccount, decideCommit, OPERATOR_TOKEN, payment, prepare, type Payment } from './testing/payments';

const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB, CAROL] = accountsIn(2048, 4095, 2) as [AccountNumber, AccountNumber];

interface Decided {
  readonly cluster: TestCluster;
  readonly p: Payment;
  readonly commitUs: number | null;
}

/** Committed at home in bucket 1 and only promised in bucket 2, where nothing happens at the same moment. */
async function decided(alarms: unknown[] = []): Promise<Decided> {
  const cluster = await new TestCluster({ rms: 2, buckets: 2, logger: { ...silentLogger, error: (facts: object) => void alarms.push(facts) } }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 0n), createAccount(CAROL, 0n)]);
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  await cluster.clock.advance(50);
  const commitUs = commitTimeOf(await cluster.one(BUCKET_1, decideCommit(p, [BOB])));
  await cluster.clock.advance(7);
  return { cluster, p, commitUs };
}

function commitTimeOf(outcome: ItemOutcome): number | null {
  return outcome.kind === 'decided' && outcome.outcome.decision.kind === 'committed' ? outcome.outcome.decision.commitUs : null;
}

async function legOf(cluster: TestCluster, p: Payment): Promise<LegRow | null> {
  const reply = await cluster.ask(BUCKET_2, { kind: 'leg', bucket: BUCKET_2, account: BOB, txn: p.txn, token: OPERATOR_TOKEN });
  if (reply.kind !== 'leg') throw new Error(reply.kind);
  return reply.leg;
}

async function expectCommitTime({ cluster, p, commitUs }: Decided): Promise<void> {
  expect(commitUs).toEqual(expect.any(Number));
  expect(await legOf(cluster, p)).toMatchObject({ state: 'committed', commitUs });
  expect(cluster.fatal).toEqual([]);
}

test('the home’s driver delivers it', async () => {
  const alarms: unknown[] = [];
  const payment = await decided(alarms);
  await payment.cluster.clock.advance(2_500);
  await expectCommitTime(payment);
  expect(alarms).toEqual([]);
});

test('a leg whose leader asks the home: RESOLVE tells it', async () => {
  const payment = await decided();
  const { cluster } = payment;
  // The home's driver does not get through.
  cluster.tap = (_, request) => (request.kind === 'instructions' && request.phase === 'phase-2-commit' ? { kind: 'unavailable', reason: 'busy' } : undefined);
  await cluster.clock.advance(5_000);
  expect(cluster.requests.some(({ request }) => request.kind === 'instructions' && request.items[0]?.instruction.kind === 'resolve')).toBe(true);
  await expectCommitTime(payment);
});

test('a debit that lives on the credit: what it waits for is applied at that time, and it comes later', async () => {
  const payment1 = await decided();
  const { cluster, commitUs } = payment1;
  const spent = await cluster.one(BUCKET_2, decideCommit(payment('spend', BOB, CAROL, 80n), []));
  expect(commitTimeOf(spent)).toBeGreaterThan(commitUs ?? Infinity);
  await expectCommitTime(payment1);
});

test('a read of committed balances shows it, and leaves it to those who tell it', async () => {
  const payment = await decided();
  expect(await payment.cluster.balance(BOB)).toBe(100n);
  expect(await legOf(payment.cluster, payment.p)).toMatchObject({ state: 'prepared', commitUs: null });
  await payment.cluster.clock.advance(2_500);
  await expectCommitTime(payment);
});

test('told with another commit time a leg that has ended raises an alarm, and keeps its own', async () => {
  const alarms: unknown[] = [];
  const payment = await decided(alarms);
  const { cluster, p, commitUs } = payment;
  await cluster.one(BUCKET_2, commitLeg(p, BOB));
  const entries = cluster.raft.group(BUCKET_2).entries.length;
  expect(await cluster.one(BUCKET_2, commitLeg(p, BOB))).toMatchObject({ kind: 'leg-ended' });
  expect(cluster.raft.group(BUCKET_2).entries.length).toBe(entries);
  const other = (commitUs ?? 0) + 1;
  expect(await cluster.one(BUCKET_2, commitLeg(p, BOB, other))).toMatchObject({ kind: 'alarm', alarm: { name: 'COMMIT_TIMES_DIFFER' } });
  const many = { kind: 'commit-many' as const, legs: [p, p].map(({ txn }) => ({ txn, account: BOB, commitUs: other })) };
  expect(await cluster.one(BUCKET_2, { token: null, instruction: many })).toMatchObject({ kind: 'each' });
  expect(alarms).toEqual([1, 2, 3].map(() => expect.objectContaining({ name: 'COMMIT_TIMES_DIFFER', txn: p.txn }) as unknown));
  await expectCommitTime(payment);
});

test('moments go on where they were after a restart', async () => {
  const payment1 = await decided();
  const { cluster } = payment1;
  await cluster.clock.advance(2_500);
  const before = commitTimeOf(await cluster.one(BUCKET_2, decideCommit(payment('before', BOB, CAROL, 1n), [])));
  for (const rm of [RM_1, RM_2]) await cluster.restart(rm);
  await cluster.clock.advance(100);
  const after = commitTimeOf(await cluster.one(BUCKET_2, decideCommit(payment('after', BOB, CAROL, 1n), [])));
  expect(after).toBeGreaterThan(before ?? Infinity);
  await expectCommitTime(payment1);
});
