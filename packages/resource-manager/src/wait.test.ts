/**
 * A debit that lacks only credits which are not decided yet is not refused in a hurry: their homes are asked, what is
 * decided is applied, and only then is the answer final.
 */
import type { AccountNumber } from '@mas/values';
import { BUCKET_1, BUCKET_2, RM_1, TestCluster } from './testing/cluster';
import { accountsIn, createAccount, decideCommit, payment, prepare } from './testing/payments';

const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB, CAROL] = accountsIn(2048, 4095, 2) as [AccountNumber, AccountNumber];

/** Alice (home, bucket 1) has promised Bob 100; Bob has nothing else. */
async function promised() {
  const cluster = await new TestCluster({ rms: 2, buckets: 2 }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 0n), createAccount(CAROL, 0n)]);
  const promise = payment('promise', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(promise, BOB));
  return { cluster, promise };
}

test('decided at its home: the credit is applied first, and the debit passes', async () => {
  const { cluster, promise } = await promised();
  await cluster.one(BUCKET_1, decideCommit(promise, [BOB]));
  expect(await cluster.one(BUCKET_2, decideCommit(payment('spend', BOB, CAROL, 80n), []))).toMatchObject({
    kind: 'decided',
    outcome: { decision: { kind: 'committed' } },
  });
  expect(await cluster.balance(BOB)).toBe(20n);
});

test('undecided: the debit is refused, by name, and that is final', async () => {
  const { cluster } = await promised();
  expect(await cluster.one(BUCKET_2, decideCommit(payment('spend', BOB, CAROL, 80n), []))).toMatchObject({
    kind: 'decided',
    outcome: { decision: { kind: 'aborted', reason: { name: 'INSUFFICIENT_FUNDS' } } },
  });
  expect(await cluster.balance(BOB)).toBe(0n);
});

test('the home cannot be reached: WAIT is the answer, because the credit may have been confirmed to its sender', async () => {
  const { cluster, promise } = await promised();
  await cluster.one(BUCKET_1, decideCommit(promise, [BOB]));
  cluster.cut.add(RM_1);
  expect(await cluster.one(BUCKET_2, decideCommit(payment('spend', BOB, CAROL, 80n), []))).toMatchObject({ kind: 'wait', undecided: [{ txn: promise.txn }] });
  cluster.cut.clear();
  expect(await cluster.one(BUCKET_2, decideCommit(payment('spend', BOB, CAROL, 80n), []))).toMatchObject({
    kind: 'decided',
    outcome: { decision: { kind: 'committed' } },
  });
});

test('many debits that wait for the same credits ask the home once', async () => {
  const { cluster, promise } = await promised();
  await cluster.one(BUCKET_1, decideCommit(promise, [BOB]));
  const items = Array.from({ length: 20 }, (_, i) => decideCommit(payment(`spend-${i}`, BOB, CAROL, 5n), []));
  const replies = await cluster.instruct(BUCKET_2, items);
  expect(replies.every((reply) => reply.kind === 'outcome' && reply.outcome.kind === 'decided' && reply.outcome.outcome.decision.kind === 'committed')).toBe(
    true,
  );
  expect(cluster.requests.filter(({ request }) => request.kind === 'query')).toHaveLength(1);
  expect(await cluster.balance(CAROL)).toBe(100n);
});
