/** Reads at a moment where something else happens in between: a snapshot, a restart, a raise of the semantics, askers without end. */
import { MOMENTS_SINCE } from '@mas/ledger';
import type { ParticipantReply, ParticipantRequest, ReadMoment } from '@mas/two-phase-commit';
import { delay, present, type AccountNumber, type BucketId, type RmId } from '@mas/values';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, TestCluster } from './testing/cluster';
import { accountsIn, createAccount, decideCommit, payment, prepare } from './testing/payments';

const DAY_US = 86_400_000_000;
const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB, CAROL] = accountsIn(2048, 4095, 2) as [AccountNumber, AccountNumber];
const QUIET = { resolveAfterMs: 600_000, deliverAfterMs: 500_000 };

const readOf = (bucket: BucketId, number: AccountNumber, at: ReadMoment): ParticipantRequest => ({
  kind: 'read-accounts',
  bucket,
  level: 'committed',
  numbers: [number],
  token: null,
  at,
});

async function momentOf(cluster: TestCluster, bucket: BucketId, number: AccountNumber): Promise<number> {
  const reply = await cluster.ask(bucket, readOf(bucket, number, { choose: [] }));
  if (reply.kind !== 'accounts' || reply.momentUs === null) throw new Error(JSON.stringify(reply));
  return reply.momentUs;
}

/** Two buckets with accounts; each is led where its only replica is. */
async function apart(config = {}): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: 2, buckets: 2, config: { ...QUIET, ...config } }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 50n), createAccount(CAROL, 0n)]);
  return cluster;
}

/** The processes stop, and come back with a bucket of the semantics before moments, which has not been raised yet. */
async function takenBack(cluster: TestCluster, bucket: BucketId, rms: readonly RmId[]): Promise<void> {
  for (const rm of rms) {
    await cluster.clock.await(cluster.manager(rm).stop());
    cluster.kill(rm);
    const table = cluster.database(rm).table(bucket);
    table.checkpoint = {
      ...table.checkpoint,
      meta: { ...present(table.checkpoint.meta, 'meta'), semanticsVersion: MOMENTS_SINCE - 1, momentUs: 0, momentsSinceUs: 0 },
    };
  }
}

test('a checksum behind a moment of the far future carries no bucket there', async () => {
  const cluster = await apart();
  const us = await momentOf(cluster, BUCKET_2, BOB);
  await cluster.clock.await(cluster.manager(RM_2).handle({ kind: 'checksum', bucket: BUCKET_2, atUs: us + 30 * DAY_US }, 'tm'));
  expect(await momentOf(cluster, BUCKET_2, BOB)).toBeLessThan(us + DAY_US);
});

test('a snapshot that is installed while a read of the same moment waits for its rows: it has to be asked again', async () => {
  const cluster = await new TestCluster({ rms: 2, replication: 2, config: QUIET }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n), createAccount(BOB, 0n)]);
  await cluster.one(BUCKET_1, decideCommit(payment('p', ALICE, BOB, 1n), []));
  await cluster.clock.advance(10_000);
  const us = await momentOf(cluster, BUCKET_1, BOB);
  cluster.kill(RM_2);
  await cluster.restart(RM_2);
  let answered = (): void => undefined;
  cluster.database(RM_2).gate = new Promise((resolve) => (answered = resolve));
  const reading = cluster.manager(RM_2).handle(readOf(BUCKET_1, BOB, us), 'tm');
  await cluster.clock.settle();
  cluster.database(RM_2).gate = null;
  await cluster.clock.await(cluster.host(RM_2).install(BUCKET_1, cluster.host(RM_1)));
  answered();
  const reply = await cluster.clock.await(reading);
  expect(reply).toEqual({ kind: 'unavailable', reason: 'a snapshot has taken the place of the rows that were read' });
});

test('a home that gets moments while it is asked is closed at the moment that it is asked about', async () => {
  const cluster = await new TestCluster({ rms: 2, replication: 2, config: QUIET }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n), createAccount(BOB, 0n)]);
  const us = (await momentOf(cluster, BUCKET_1, ALICE)) + 60_000_000;
  await cluster.clock.advance(10_000);
  await takenBack(cluster, BUCKET_1, [RM_1, RM_2]);
  cluster.cut.add(RM_2);
  for (const rm of [RM_1, RM_2]) await cluster.startProcess(rm);
  cluster.raft.elect(BUCKET_1, RM_1);
  await cluster.clock.settle();
  cluster.host(RM_1).held.add(BUCKET_1);
  cluster.cut.delete(RM_2);
  const before = cluster.raft.group(BUCKET_1).entries.length;
  await cluster.clock.until('the raise to be proposed', () => cluster.raft.group(BUCKET_1).entries.length > before, 20_000);
  const p = payment('p', ALICE, BOB, 1n);
  const asked = cluster
    .manager(RM_1)
    .handle({ kind: 'query', bucket: BUCKET_1, keys: [{ key: p.key, homeSlot: p.homeSlot }], closedAtUs: us, isPast: false, decisionsOnly: false }, 'rm');
  await cluster.clock.settle();
  cluster.host(RM_1).held.clear();
  cluster.host(RM_1).pump(BUCKET_1);
  expect(await cluster.clock.await(asked)).toEqual({ kind: 'queried', outcomes: [null] });
  expect(await momentOf(cluster, BUCKET_1, ALICE)).toBeGreaterThanOrEqual(us);
});

test('a leg decided by a home that had no commit time to give: no moment of long ago leaves it out silently', async () => {
  const cluster = await apart();
  const p = payment('p', ALICE, BOB, 100n);
  expect(await cluster.one(BUCKET_2, prepare(p, BOB))).toMatchObject({ kind: 'prepared' });
  await cluster.clock.advance(10_000);
  const us = await momentOf(cluster, BUCKET_2, BOB);
  cluster.kill(RM_2);
  await cluster.restart(RM_2);
  await cluster.one(BUCKET_2, decideCommit(payment('q', BOB, CAROL, 1n), []));
  await cluster.clock.advance(10_000);
  cluster.kill(RM_2);
  await cluster.restart(RM_2);
  cluster.tap = (_, request) => {
    if (request.kind !== 'query') return undefined;
    const outcome = {
      slot: p.homeSlot,
      key: p.key,
      txn: p.txn,
      body: p.body,
      subject: { kind: 'system' },
      decision: { kind: 'committed', atMs: 1, commitUs: null },
      balances: [],
      untold: [],
      forced: [],
    } as const;
    return { kind: 'queried', outcomes: request.keys.map(() => outcome) } as ParticipantReply;
  };
  expect(await cluster.ask(BUCKET_2, readOf(BUCKET_2, BOB, us))).toMatchObject({ kind: 'no-moment', why: 'before' });
});

test('so many may wait for a bucket to be closed, and no more', async () => {
  const cluster = await apart({ maxQueuedInstructions: 600, maxBatchInstructions: 600 });
  const us = await momentOf(cluster, BUCKET_2, BOB);
  cluster.host(RM_2).held.add(BUCKET_2);
  const replies: ParticipantReply[] = [];
  for (let n = 0; n < 2_000; n += 1)
    void cluster
      .manager(RM_2)
      .handle(readOf(BUCKET_2, BOB, us + 1_000 + n), 'tm')
      .then((reply) => replies.push(reply));
  await cluster.clock.settle();
  expect(replies.length).toBeGreaterThanOrEqual(1_000);
  expect(replies.every(({ kind }) => kind === 'unavailable')).toBe(true);
  cluster.host(RM_2).held.clear();
  cluster.host(RM_2).pump(BUCKET_2);
  await cluster.clock.until('the others to be answered', () => replies.length === 2_000, 10_000);
  expect(replies.filter(({ kind }) => kind === 'accounts').length).toBeGreaterThan(0);
});

test('a silent home is asked once for all who wait, not once for each batch of them', async () => {
  const cluster = await apart({ maxDriverItems: 5, maxBatchInstructions: 5 });
  for (let n = 0; n < 25; n += 1) await cluster.one(BUCKET_2, prepare(payment(`p-${n}`, ALICE, BOB, 1n), BOB));
  cluster.cut.add(RM_1);
  const begun = cluster.clock.monotonicMs();
  const replies = await cluster.clock.await(Promise.all([1, 2].map(() => cluster.manager(RM_2).handle(readOf(BUCKET_2, BOB, 'now'), 'tm'))));
  expect(replies.map(({ kind }) => kind)).toEqual(['unavailable', 'unavailable']);
  expect(cluster.clock.monotonicMs() - begun).toBeLessThan(10_000);
});

test('a home that refuses one question’s moment still answers those who wait behind it', async () => {
  const cluster = await apart({ maxDriverItems: 1, maxBatchInstructions: 1 });
  for (let n = 0; n < 3; n += 1) await cluster.one(BUCKET_2, prepare(payment(`p-${n}`, ALICE, BOB, 1n), BOB));
  let asked = 0;
  cluster.tap = (_, request) => (request.kind === 'query' && (asked += 1) === 2 ? { kind: 'no-moment', why: 'ahead', sinceUs: 1 } : undefined);
  const replies = await cluster.clock.await(Promise.all([1, 2].map(() => cluster.manager(RM_2).handle(readOf(BUCKET_2, BOB, 'now'), 'tm'))));
  expect(replies.map(({ kind }) => kind)).toEqual(['unavailable', 'accounts']);
});

test('a read of long ago that takes too long ends with a reason', async () => {
  const cluster = await apart({ loadTimeoutMs: 5_000 });
  for (let n = 0; n < 5; n += 1) await cluster.one(BUCKET_2, decideCommit(payment(`p-${n}`, BOB, CAROL, 1n), []));
  const us = await momentOf(cluster, BUCKET_2, BOB);
  await cluster.one(BUCKET_2, decideCommit(payment('later', BOB, CAROL, 1n), []));
  await cluster.clock.advance(10_000);
  cluster.kill(RM_2);
  await cluster.restart(RM_2);
  Object.defineProperty(cluster.database(RM_2), 'gate', { get: () => delay(cluster.clock, 3_000) });
  let reply: ParticipantReply | null = null;
  void cluster
    .manager(RM_2)
    .handle(readOf(BUCKET_2, BOB, us), 'tm')
    .then((said) => (reply = said));
  await cluster.clock.until('an answer', () => reply !== null, 30_000);
  expect(reply).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('took longer than 10 s') as unknown });
});
