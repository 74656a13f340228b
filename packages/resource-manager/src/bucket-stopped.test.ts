/** What one bucket cannot apply, write or read ends that bucket on this process, which names it and serves the others. */
import { SEMANTICS_VERSION, type Instruction } from '@mas/ledger';
import { META_GROUP } from '@mas/placement';
import { logIndex, term as raftTerm } from '@mas/raft';
import type { ReplicaStatus } from '@mas/two-phase-commit';
import { InvariantViolation, present, type AccountNumber, type BucketId, type RmId } from '@mas/values';
import { WriterFenced } from './applied-store';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, TestCluster } from './testing/cluster';
import { jsonLedgerCodec } from './testing/json-codecs';
import { accountsIn, createAccount, decideCommit, payment } from './testing/payments';

const [ALICE, CAROL] = accountsIn(0, 2047, 2) as [AccountNumber, AccountNumber];
const [BOB, DAVE] = accountsIn(2048, 4095, 2) as [AccountNumber, AccountNumber];

async function started(replication = 1): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: replication, buckets: 2, replication }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 50n), createAccount(DAVE, 0n)]);
  return cluster;
}

/** Committed behind every leader's back, as if an older or broken leader had proposed it. */
async function commitEntry(cluster: TestCluster, bucket: BucketId, data: Uint8Array): Promise<number> {
  const group = cluster.raft.group(bucket);
  const index = group.entries.length + 1;
  group.entries.push({ term: raftTerm(group.term), index: logIndex(index), type: 'normal', data });
  cluster.raft.advance(bucket);
  await cluster.clock.settle();
  return index;
}

const entryOf = (instructions: readonly Instruction[]): Uint8Array =>
  jsonLedgerCodec.encodeEntry(
    1,
    null,
    instructions.map((each) => jsonLedgerCodec.encodeInstruction(each)),
  );
/** Creates an account, and then what no leader of ours proposes: half of the entry is applied when it fails. */
const poison = entryOf([
  createAccount(CAROL, 5n).instruction,
  { kind: 'acknowledge', key: payment('p', ALICE, CAROL, 1n).key, txn: payment('p', ALICE, CAROL, 1n).txn, accounts: [] },
]);

async function replicaOf(cluster: TestCluster, rm: RmId, bucket: BucketId): Promise<ReplicaStatus> {
  const reply = await cluster.clock.await(cluster.manager(rm).handle({ kind: 'status' }, 'tm'));
  if (reply.kind !== 'status') throw new Error(JSON.stringify(reply));
  return present(
    reply.replicas.find((one) => one.bucket === bucket),
    `replica of bucket ${bucket}`,
  );
}

const readAlice = { kind: 'read-accounts', bucket: BUCKET_1, level: 'committed', numbers: [ALICE], token: null, at: 'now' } as const;

async function serves(cluster: TestCluster, id: string): Promise<void> {
  expect(await cluster.one(BUCKET_2, decideCommit(payment(id, BOB, DAVE, 1n), []))).toMatchObject({ outcome: { decision: { kind: 'committed' } } });
  expect(cluster.fatal).toEqual([]);
}

describe('an entry that cannot be applied', () => {
  test.each([
    ['because of what it says', poison, ['create-account', 'acknowledge'], 'an instruction is well-formed'],
    ['because it cannot be read', Buffer.from('{"no entry'), [], 'JSON'],
  ])('%s stops its bucket, which says which it is, and no other', async (_why, data, instructions, reason) => {
    const cluster = await started();
    const index = await commitEntry(cluster, BUCKET_1, data);
    const { role, stopped } = await replicaOf(cluster, RM_1, BUCKET_1);
    expect({ role, stopped }).toEqual({
      role: 'stopped',
      stopped: { stage: 'apply', index, term: 1, upToIndex: index, instructions, reason: expect.stringContaining(reason) as string },
    });
    expect(await cluster.clock.await(cluster.manager(RM_1).handle(readAlice, 'tm'))).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining(`entry ${index} of term 1`) as string,
    });
    await serves(cluster, 'p1');
    expect((await replicaOf(cluster, RM_1, BUCKET_2)).stopped).toBeNull();
  });

  test('nothing of its first half reaches SQL, also when the process stops in good order', async () => {
    const cluster = await started();
    const index = await commitEntry(cluster, BUCKET_1, poison);
    await cluster.clock.await(cluster.manager(RM_1).stop());
    const { rows, checkpoint } = cluster.database(RM_1).table(BUCKET_1);
    expect([rows.load({ accounts: [CAROL], legs: [], outcomes: [] }).accounts, checkpoint.applied.index < index]).toEqual([[], true]);
  });

  test('stops it again after a restart, and the others serve again', async () => {
    const cluster = await started();
    const index = await commitEntry(cluster, BUCKET_1, poison);
    cluster.kill(RM_1);
    await cluster.startProcess(RM_1);
    for (const bucket of [META_GROUP, BUCKET_1, BUCKET_2]) cluster.raft.elect(bucket, RM_1);
    await cluster.clock.settle();
    expect((await replicaOf(cluster, RM_1, BUCKET_1)).stopped).toMatchObject({ stage: 'apply', index });
    await serves(cluster, 'p1');
  });
});

test('a checkpoint that the database refuses: the leadership goes to a replica that can write, and nothing is lost', async () => {
  const cluster = await started(2);
  const leader = cluster.leaderOf(BUCKET_1);
  const other = leader === RM_1 ? RM_2 : RM_1;
  cluster.database(leader).unwritable = new Error('Out of range value for column');
  cluster.database(leader).faultyBucket = BUCKET_1;
  await cluster.one(BUCKET_1, createAccount(CAROL, 7n));
  await cluster.clock.until(
    'the replica to stop',
    () =>
      cluster
        .host(leader)
        .status()
        .some((one) => one.group === BUCKET_1 && one.role === 'stopped'),
    60_000,
    () => [],
  );
  expect(await replicaOf(cluster, leader, BUCKET_1)).toMatchObject({ stopped: { stage: 'checkpoint', reason: 'Out of range value for column' } });
  cluster.raft.elect(BUCKET_1, other);
  await cluster.clock.settle();
  expect(await cluster.balance(CAROL)).toBe(7n);
  await serves(cluster, 'p1');
});

test('rows that cannot be read at the start: that bucket does not start, the others do', async () => {
  const cluster = await started();
  cluster.kill(RM_1);
  cluster.database(RM_1).unreadable = new InvariantViolation('balance is an integer', { value: 9.3e18 });
  cluster.database(RM_1).faultyBucket = BUCKET_1;
  await cluster.startProcess(RM_1);
  cluster.raft.elect(BUCKET_2, RM_1);
  await cluster.clock.settle();
  expect(await replicaOf(cluster, RM_1, BUCKET_1)).toMatchObject({
    role: 'stopped',
    stopped: { stage: 'start', reason: expect.stringContaining('balance is an integer') as string },
  });
  await serves(cluster, 'p1');
});

test('a process whose rows were taken over still stops as a whole', async () => {
  const cluster = await started();
  cluster.database(RM_1).unwritable = new WriterFenced(BUCKET_1);
  cluster.database(RM_1).faultyBucket = BUCKET_1;
  await cluster.one(BUCKET_1, createAccount(CAROL, 7n));
  await cluster.clock.until(
    'the process to stop',
    () => cluster.fatal.length > 0,
    60_000,
    () => [],
  );
  expect(cluster.fatal).toMatchObject([{ kind: 'writer-fenced' }]);
});

test('a bucket of older semantics takes the newer ones once all its replicas say that they know them', async () => {
  const cluster = await started(2);
  const rms = [RM_1, RM_2];
  for (const rm of rms) {
    await cluster.clock.await(cluster.manager(rm).stop());
    cluster.kill(rm);
    const table = cluster.database(rm).table(BUCKET_1);
    table.checkpoint = { ...table.checkpoint, meta: { ...present(table.checkpoint.meta, 'meta'), semanticsVersion: 1 } };
  }
  for (const rm of rms) await cluster.startProcess(rm);
  const versions = (): readonly unknown[] => rms.map((rm) => cluster.database(rm).table(BUCKET_1).checkpoint.meta?.semanticsVersion);
  cluster.cut.add(RM_2);
  cluster.raft.elect(BUCKET_1, RM_1);
  const asked = cluster.requests.length;
  await cluster.clock.until(
    'the leader to have asked twice',
    () => cluster.requests.slice(asked).filter(({ request }) => request.kind === 'status').length >= 2,
    60_000,
    () => [],
  );
  expect(versions()).toEqual([1, 1]);
  cluster.cut.clear();
  await cluster.clock.until(
    'both to have it',
    () => versions().every((version) => version === SEMANTICS_VERSION),
    60_000,
    () => [],
  );
});
