/**
 * Which rows the end of a leg touches is known once the leg is prepared. An instruction that has waited since before that has its rows named and loaded
 * again before it is proposed: what it then touches may have left memory.
 */
import type { InstructionItem } from '@mas/two-phase-commit';
import type { AccountNumber } from '@mas/values';
import { BUCKET_1, RM_1, TestCluster } from './testing/cluster';
import { accountsIn, commitLeg, createAccount, decideCommit, payment, prepare, refund, type Payment } from './testing/payments';

const [ALICE, BOB, CAROL] = accountsIn(0, 4095, 3) as [AccountNumber, AccountNumber, AccountNumber];
const originals = ['o1', 'o2'].map((id) => payment(id, ALICE, BOB, 100n)) as [Payment, Payment];
const refunds = originals.map((original, n) => refund(`r${n}`, original, BOB, ALICE, 10n)) as [Payment, Payment];
const between = ['x1', 'x2'].map((id) => decideCommit(payment(id, ALICE, CAROL, 1n), []));

test.each<[string, readonly InstructionItem[]]>([
  ['each', refunds.map((p) => commitLeg(p, BOB))],
  ['many', [{ token: null, instruction: { kind: 'commit-many', legs: refunds.map(({ txn }) => ({ txn, account: BOB, commitUs: null })) } }]],
])('COMMIT of %s of two refunds, asked for before they are prepared and proposed after what they refund is out of memory', async (_name, commits) => {
  const cluster = await new TestCluster({
    config: { maxBatchInstructions: 2, maxDriverItems: 2, cachedLegs: 1, resolveAfterMs: 1_000_000, deliverAfterMs: 900_000 },
  }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1_000n), createAccount(BOB, 0n), createAccount(CAROL, 0n)]);
  await cluster.instruct(
    BUCKET_1,
    originals.map((p) => decideCommit(p, [])),
  );
  await cluster.clock.advance(3_000);
  const group = cluster.raft.group(BUCKET_1);
  group.stalled = true;
  const ask = (items: readonly InstructionItem[]): Promise<unknown> =>
    cluster.manager(RM_1).handle({ kind: 'instructions', bucket: BUCKET_1, phase: 'phase-1', items }, 'tm');
  const prepared = ask(refunds.map((p) => prepare(p, BOB)));
  await cluster.clock.advance(10);
  const others = ask(between);
  const committed = ask(commits);
  await cluster.clock.advance(10);
  // The promises alone are committed; what waits behind stays there while a checkpoint is written.
  group.commit = group.entries.length;
  cluster.raft.advance(BUCKET_1);
  expect(await cluster.clock.await(prepared)).toMatchObject({ outcomes: [{ outcome: { kind: 'prepared' } }, { outcome: { kind: 'prepared' } }] });
  await cluster.clock.advance(3_000);
  const { loads } = cluster.database(RM_1);
  group.stalled = false;
  cluster.raft.advance(BUCKET_1);
  expect(await cluster.clock.await(others)).toMatchObject({ kind: 'outcomes' });
  expect(await cluster.clock.await(committed)).toMatchObject({
    outcomes: commits.map(() => ({ kind: 'outcome', outcome: { kind: commits.length === 1 ? 'done' : 'leg-ended' } })),
  });
  expect(cluster.database(RM_1).loads).toBeGreaterThan(loads);
  expect(await cluster.balance(BOB)).toBe(180n);
  expect(cluster.fatal).toEqual([]);
});
