/** A row that cannot be read fails the request that met it: the process, its other requests and its payments go on. */
import type { ParticipantRequest } from '@mas/two-phase-commit';
import { InvariantViolation, type AccountNumber } from '@mas/values';
import { WriterFenced } from './applied-store';
import { BUCKET_1, RM_1, TestCluster } from './testing/cluster';
import { accountsIn, createAccount, decideCommit, payment } from './testing/payments';

const [ALICE, BOB, CAROL] = accountsIn(0, 4095, 3) as [AccountNumber, AccountNumber, AccountNumber];

/** Nothing but what is pinned stays in memory, so that every read needs SQL. */
async function started(): Promise<TestCluster> {
  const cluster = await new TestCluster({ config: { cachedAccounts: 1, cachedLegs: 1, cachedOutcomes: 1 } }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n), createAccount(BOB, 0n), createAccount(CAROL, 0n)]);
  await cluster.ask(BUCKET_1, { kind: 'list-accounts', bucket: BUCKET_1, after: null, limit: 9, slots: null });
  return cluster;
}

const READS: readonly ParticipantRequest[] = [
  { kind: 'read-accounts', bucket: BUCKET_1, level: 'committed', numbers: [ALICE], token: null, at: 'now' },
  { kind: 'list-accounts', bucket: BUCKET_1, after: null, limit: 9, slots: null },
  {
    kind: 'list-legs',
    bucket: BUCKET_1,
    query: { account: ALICE, direction: 'newest-first', cursorSeq: null, limit: 9, state: null, fromMs: null, untilMs: null },
    token: null,
    sinceUs: null,
  },
  { kind: 'checksum', bucket: BUCKET_1, atUs: null },
];

test.each(READS.map((request) => [request.kind, request] as const))('%s', async (_kind, request) => {
  const cluster = await started();
  const good = await cluster.ask(BUCKET_1, request);
  for (const other of [BOB, CAROL]) await cluster.balance(other);
  cluster.database(RM_1).unreadable = new InvariantViolation('holds is an integer', { value: 9.3e18 });
  expect(await cluster.ask(BUCKET_1, request)).toMatchObject({ kind: 'unavailable' });
  cluster.database(RM_1).unreadable = null;
  expect((await cluster.ask(BUCKET_1, request)).kind).toBe(good.kind);
  expect(await cluster.one(BUCKET_1, decideCommit(payment('p', ALICE, BOB, 5n), []))).toMatchObject({ outcome: { decision: { kind: 'committed' } } });
  expect(cluster.fatal).toEqual([]);
});

test('a process whose rows were taken over stops, whoever finds out', async () => {
  const cluster = await started();
  cluster.database(RM_1).unreadable = new WriterFenced(BUCKET_1);
  await cluster.ask(BUCKET_1, { kind: 'list-accounts', bucket: BUCKET_1, after: null, limit: 9, slots: null });
  expect(cluster.fatal).toMatchObject([{ kind: 'writer-fenced' }]);
});
