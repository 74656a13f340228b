/** COMMIT and ACKNOWLEDGE of many payments: one slot of an entry, one answer; and what becomes of them where a bucket cannot take them whole. */
import { MANY_TOLD_SINCE, SEMANTICS_VERSION, type AcknowledgeMany, type CommitMany, type Instruction } from '@mas/ledger';
import type { InstructionItem, ParticipantReply } from '@mas/two-phase-commit';
import { present, silentLogger, type AccountNumber, type BucketId } from '@mas/values';
import type { ResourceManagerConfigInput } from './config';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, TestCluster } from './testing/cluster';
import { jsonLedgerCodec } from './testing/json-codecs';
import { accountsIn, commitLeg, createAccount, decideCommit, payment, prepare, type Payment } from './testing/payments';

const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB, DAVE] = accountsIn(2048, 4095, 2) as [AccountNumber, AccountNumber];
const PAYEES = [BOB, DAVE];
const payeeOf = (p: Payment): AccountNumber =>
  present(
    p.body.legs.find(({ account }) => account !== ALICE),
    'payee',
  ).account;
const payments = (count: number, id = 'p'): readonly Payment[] =>
  Array.from({ length: count }, (_, n) => payment(`${id}${n}`, ALICE, present(PAYEES[n % 2], 'payee'), 1n));

async function started(config: ResourceManagerConfigInput = {}, logger = silentLogger, rms = 1): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms, buckets: 2, replication: rms, config, logger }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1_000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 0n), createAccount(DAVE, 0n)]);
  return cluster;
}

/** Prepared in bucket 2 and decided in bucket 1: told to nobody yet. */
async function decided(cluster: TestCluster, all: readonly Payment[]): Promise<void> {
  await cluster.instruct(
    BUCKET_2,
    all.map((p) => prepare(p, payeeOf(p))),
  );
  await cluster.instruct(
    BUCKET_1,
    all.map((p) => decideCommit(p, [payeeOf(p)])),
  );
}

function commitMany(all: readonly Payment[]): CommitMany {
  return { kind: 'commit-many', legs: all.map((p) => ({ txn: p.txn, account: payeeOf(p), commitUs: null })) };
}

function acknowledgeMany(all: readonly Payment[]): AcknowledgeMany {
  return { kind: 'acknowledge-many', told: all.map((p) => ({ key: p.key, txn: p.txn, accounts: [payeeOf(p)] })) };
}

const item = (instruction: Instruction): InstructionItem => ({ instruction, token: null });

/** Kinds of the instructions of each entry after the first `from`. */
function entriesFrom(cluster: TestCluster, bucket: BucketId, from: number): readonly (readonly string[])[] {
  return cluster.raft
    .group(bucket)
    .entries.slice(from)
    .filter(({ data }) => data.length > 0)
    .map(({ data }) => jsonLedgerCodec.decodeEntry(data).instructions.map(({ kind }) => kind));
}

const length = (cluster: TestCluster, bucket: BucketId): number => cluster.raft.group(bucket).entries.length;
const tell = (cluster: TestCluster, caller: 'tm' | 'rm', ...items: readonly InstructionItem[]): Promise<ParticipantReply> =>
  cluster.clock.await(cluster.manager(cluster.leaderOf(BUCKET_2)).handle({ kind: 'instructions', bucket: BUCKET_2, phase: 'phase-2-commit', items }, caller));
const DONE = { kind: 'outcome', outcome: { kind: 'done' } } as const;

test('many legs end by one instruction; a Transaction Manager hears of the version that lets it tell them so, a Resource Manager does not', async () => {
  const cluster = await started();
  const all = payments(6);
  await decided(cluster, all);
  const from = length(cluster, BUCKET_2);
  expect(await tell(cluster, 'tm', item(commitMany(all)))).toEqual({ kind: 'outcomes', outcomes: [DONE], semanticsVersion: SEMANTICS_VERSION });
  expect(entriesFrom(cluster, BUCKET_2, from)).toEqual([['commit-many']]);
  expect([await cluster.balance(BOB), await cluster.balance(DAVE)]).toEqual([3n, 3n]);
  const home = length(cluster, BUCKET_1);
  expect(await cluster.one(BUCKET_1, item(acknowledgeMany(all)))).toEqual({ kind: 'done' });
  expect(entriesFrom(cluster, BUCKET_1, home)).toEqual([['acknowledge-many']]);
  expect(await cluster.ask(BUCKET_1, { kind: 'totals', bucket: BUCKET_1, atUs: null })).toMatchObject({ totals: { undecidedLegs: 0 } });
  expect(await tell(cluster, 'rm', item(commitMany(all)))).toEqual({ kind: 'outcomes', outcomes: [DONE], semanticsVersion: null });
});

test('legs that have all ended cost no entry; with one among them that has not, all are proposed', async () => {
  const cluster = await started();
  const all = payments(3);
  await decided(cluster, all);
  await cluster.instruct(
    BUCKET_2,
    all.slice(0, 2).map((p) => commitLeg(p, payeeOf(p))),
  );
  const from = length(cluster, BUCKET_2);
  expect(await cluster.one(BUCKET_2, item(commitMany(all.slice(0, 2))))).toEqual({ kind: 'done' });
  expect(length(cluster, BUCKET_2)).toBe(from);
  expect(await cluster.one(BUCKET_2, item(commitMany(all)))).toEqual({ kind: 'done' });
  expect(entriesFrom(cluster, BUCKET_2, from)).toEqual([['commit-many']]);
  expect([await cluster.balance(BOB), await cluster.balance(DAVE)]).toEqual([2n, 1n]);
});

test('a contradiction among many is logged, and ends none of the others', async () => {
  const alarms: unknown[] = [];
  const logger = { ...silentLogger, error: (facts: object) => void alarms.push(facts) };
  const cluster = await started({}, logger);
  const [known, unknown, last] = payments(3) as [Payment, Payment, Payment];
  await decided(cluster, [known, last]);
  const outcome = await cluster.one(BUCKET_2, item(commitMany([known, unknown, last])));
  expect(outcome).toMatchObject({
    kind: 'each',
    outcomes: [{ kind: 'done' }, { kind: 'alarm', alarm: { name: 'COMMIT_WITHOUT_PREPARE', txn: unknown.txn } }, { kind: 'done' }],
  });
  expect(alarms).toEqual([expect.objectContaining({ name: 'COMMIT_WITHOUT_PREPARE', txn: unknown.txn })]);
  expect([await cluster.balance(BOB), await cluster.balance(DAVE)]).toEqual([2n, 0n]);
});

test('a bucket of an earlier version is told one by one, and its sender hears the same', async () => {
  const cluster = await started({}, silentLogger, 2);
  for (const rm of [RM_1, RM_2]) {
    await cluster.clock.await(cluster.manager(rm).stop());
    cluster.kill(rm);
    const table = cluster.database(rm).table(BUCKET_2);
    table.checkpoint = { ...table.checkpoint, meta: { ...present(table.checkpoint.meta, 'meta'), semanticsVersion: MANY_TOLD_SINCE - 1 } };
  }
  // Its leader cannot ask the other one what its program knows: the version stays.
  cluster.cut.add(RM_2);
  for (const rm of [RM_1, RM_2]) await cluster.startProcess(rm);
  for (const bucket of [BUCKET_1, BUCKET_2]) cluster.raft.elect(bucket, RM_1);
  await cluster.clock.settle();
  const [known, unknown, last] = payments(3) as [Payment, Payment, Payment];
  await decided(cluster, [known, last]);
  const from = length(cluster, BUCKET_2);
  expect(await tell(cluster, 'tm', item(commitMany([known, last])))).toEqual({ kind: 'outcomes', outcomes: [DONE], semanticsVersion: null });
  expect(entriesFrom(cluster, BUCKET_2, from)).toEqual([['commit', 'commit']]);
  const mixed = [commitLeg(known, payeeOf(known)), item(commitMany([unknown, last])), commitLeg(last, payeeOf(last))];
  expect(await tell(cluster, 'tm', ...mixed)).toMatchObject({
    outcomes: [
      { outcome: { kind: 'leg-ended' } },
      { outcome: { kind: 'each', outcomes: [{ kind: 'alarm' }, { kind: 'done' }] } },
      { outcome: { kind: 'leg-ended' } },
    ],
  });
  expect(cluster.fatal).toEqual([]);
});

test('the bound of an entry counts members, and what is larger than that goes one by one', async () => {
  const cluster = await started({ maxBatchInstructions: 5, maxDriverItems: 5 });
  const all = payments(14);
  await decided(cluster, all);
  const from = length(cluster, BUCKET_2);
  expect(await cluster.instruct(BUCKET_2, [item(commitMany(all.slice(0, 3))), item(commitMany(all.slice(3, 5))), item(commitMany(all.slice(5, 8)))])).toEqual([
    DONE,
    DONE,
    DONE,
  ]);
  expect(entriesFrom(cluster, BUCKET_2, from)).toEqual([['commit-many', 'commit-many'], ['commit-many']]);
  const next = length(cluster, BUCKET_2);
  expect(await cluster.one(BUCKET_2, item(commitMany(all.slice(8))))).toEqual({ kind: 'done' });
  expect(entriesFrom(cluster, BUCKET_2, next)).toEqual([new Array(5).fill('commit'), ['commit']]);
});

test('the queue counts members, too', async () => {
  const cluster = await started({ maxBatchInstructions: 5, maxDriverItems: 5, maxQueuedInstructions: 5 });
  const all = payments(7);
  await decided(cluster, all.slice(0, 5));
  await decided(cluster, all.slice(5));
  expect(await tell(cluster, 'tm', item(commitMany(all.slice(0, 3))), item(commitMany(all.slice(3, 6))))).toEqual({
    kind: 'unavailable',
    reason: 'too many instructions wait',
  });
  expect(await tell(cluster, 'tm', item(commitMany(all.slice(0, 3))), item(commitMany(all.slice(3, 5))))).toMatchObject({ outcomes: [DONE, DONE] });
});

test('a home acknowledges in one instruction what it has told together', async () => {
  const cluster = await started();
  const all = payments(5);
  await decided(cluster, all);
  const from = length(cluster, BUCKET_1);
  await cluster.clock.advance(3_000);
  expect(entriesFrom(cluster, BUCKET_1, from)).toEqual([['acknowledge-many']]);
  expect(await cluster.ask(BUCKET_1, { kind: 'totals', bucket: BUCKET_1, atUs: null })).toMatchObject({ totals: { undecidedLegs: 0 } });
});
