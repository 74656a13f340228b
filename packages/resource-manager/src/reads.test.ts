/** COMMITTED reads see everything that was answered and nothing that is undecided; lists and checksums come from SQL at the read point. */
import { slotOfAccount } from '@mas/placement';
import type { NotSent, ParticipantReply } from '@mas/two-phase-commit';
import { present, type AccountNumber, type TxnId } from '@mas/values';
import type { ResourceManagerConfig } from './config';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, RM_3, TestCluster } from './testing/cluster';
import { accountsIn, accountToken, createAccount, decideCommit, payment, prepare } from './testing/payments';

const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB, CAROL] = accountsIn(2048, 4095, 2) as [AccountNumber, AccountNumber];

async function started(config: Partial<ResourceManagerConfig> = {}): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: 2, buckets: 2, config: { resolveAfterMs: 600_000, deliverAfterMs: 500_000, ...config } }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 50n), createAccount(CAROL, 0n)]);
  return cluster;
}

const readBob = (level: 'committed' | 'uncommitted') => ({ kind: 'read-accounts', bucket: BUCKET_2, level, numbers: [BOB], token: null, at: 'now' }) as const;

test('an undecided credit is not shown, and is named', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({ readings: [{ balanceMinor: 50n, preparedTxns: [p.txn] }] });
  expect(await cluster.ask(BUCKET_2, readBob('uncommitted'))).toMatchObject({
    readings: [{ balanceMinor: 50n, pendingCreditsMinor: 100n, preparedTxns: [p.txn] }],
  });
});

test('a credit that its home has committed is seen at once, before anybody tells the leg', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  await cluster.one(BUCKET_1, decideCommit(p, [BOB]));
  expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({ readings: [{ balanceMinor: 150n, preparedTxns: [] }] });
});

test('decided and undecided credits together: what is decided is added, the rest left out', async () => {
  const cluster = await started();
  const payments = [payment('p1', ALICE, BOB, 100n), payment('p2', ALICE, BOB, 200n)] as const;
  await cluster.instruct(
    BUCKET_2,
    payments.map((p) => prepare(p, BOB)),
  );
  await cluster.one(BUCKET_1, decideCommit(payments[1], [BOB]));
  expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({ readings: [{ balanceMinor: 250n, preparedTxns: [payments[0].txn] }] });
});

test('a home that cannot be reached makes the read unavailable, not wrong', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  await cluster.one(BUCKET_2, prepare(p, BOB));
  cluster.cut.add(RM_1);
  expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({ kind: 'unavailable' });
  expect(await cluster.ask(BUCKET_2, readBob('uncommitted'))).toMatchObject({ kind: 'accounts' });
});

describe('a home without a quorum', () => {
  const missing = (up: number) => ({ kind: 'no-quorum', missing: { up, of: 3, needed: 2, forMs: 900 } }) as const;
  const refused = { kind: 'not-sent', reason: 'connection refused' } as const;
  const electing = { kind: 'not-leader', leader: null } as const;
  const THREE = { rms: 4, buckets: 2, replication: 3 } as const;

  /** Bucket 1 is the home, and has a replica on no process that leads bucket 2. */
  async function undecided(replies: readonly (ParticipantReply | NotSent)[]): Promise<TestCluster> {
    const cluster = await new TestCluster({ ...THREE, config: { resolveAfterMs: 600_000, deliverAfterMs: 500_000 } }).start();
    const home = cluster.placement.buckets[0]?.replicas ?? [];
    cluster.raft.elect(
      BUCKET_2,
      present(
        cluster.placement.buckets[1]?.replicas.find((rm) => !home.includes(rm)),
        'a replica',
      ),
    );
    await cluster.clock.until('bucket 2 to be open', () => cluster.isOpen(BUCKET_2), 10_000);
    await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
    await cluster.instruct(BUCKET_2, [createAccount(BOB, 50n)]);
    await cluster.one(BUCKET_2, prepare(payment('p', ALICE, BOB, 100n), BOB));
    cluster.tap = (to, request) => ('bucket' in request && request.bucket === BUCKET_1 ? replies[home.indexOf(to)] : undefined);
    return cluster;
  }

  test.each<[string, readonly (ParticipantReply | NotSent)[], number | null]>([
    ['one says so, two refuse connections', [missing(1), refused, refused], 1],
    ['two refuse, one says so', [refused, refused, missing(1)], 1],
    ['one says so, one is silent, one refuses', [missing(1), { kind: 'unknown', reason: 'no reply' }, refused], 1],
    ['one says so, one is being elected', [missing(1), electing, refused], null],
  ])('%s', async (_what, replies, up) => {
    const cluster = await undecided(replies);
    const answer = await cluster.ask(BUCKET_2, readBob('committed'));
    expect(answer).toMatchObject(up === null ? { kind: 'unavailable' } : { kind: 'home-without-quorum', home: BUCKET_1, missing: { up, of: 3, needed: 2 } });
    expect(await cluster.ask(BUCKET_2, readBob('uncommitted'))).toMatchObject({ kind: 'accounts' });
  });

  test('all refuse, for longer than a restart takes', async () => {
    const cluster = await undecided([refused, refused, refused]);
    const startedMs = cluster.clock.monotonicMs();
    expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({
      kind: 'home-without-quorum',
      home: BUCKET_1,
      missing: { up: 0, of: 3, needed: 2 },
    });
    expect(cluster.clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(1_500);
    expect(cluster.clock.monotonicMs() - startedMs).toBeLessThan(2_000);
    cluster.tap = () => undefined;
    expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({ kind: 'accounts' });
  });

  test('all refuse, for a moment: the read waits', async () => {
    const cluster = await undecided([refused, refused, refused]);
    cluster.clock.schedule(500, () => {
      cluster.tap = () => undefined;
    });
    expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({ kind: 'accounts' });
  });
});

test('no majority: no read', async () => {
  const cluster = await started();
  cluster.raft.group(BUCKET_2).stalled = true;
  expect(await cluster.ask(BUCKET_2, readBob('committed'))).toMatchObject({ kind: 'unavailable' });
});

test('an account’s token reads that account only', async () => {
  const cluster = await started();
  const ask = (token: string) => cluster.ask(BUCKET_2, { ...readBob('committed'), token });
  expect(await ask(accountToken(BOB))).toMatchObject({ kind: 'accounts' });
  expect(await ask(accountToken(CAROL))).toEqual({ kind: 'permission-denied', reason: 'ACCOUNT_OF_ANOTHER_CALLER' });
  expect(await ask('forged')).toEqual({ kind: 'permission-denied', reason: 'TOKEN_INVALID' });
});

test('the history has what was answered a moment ago, in pages', async () => {
  const cluster = await started();
  for (let i = 0; i < 5; i += 1) await cluster.one(BUCKET_2, decideCommit(payment(`p${i}`, BOB, CAROL, 1n), []));
  const list = (cursorSeq: number | null) =>
    cluster.ask(BUCKET_2, {
      kind: 'list-legs',
      bucket: BUCKET_2,
      token: null,
      sinceUs: null,
      query: { account: CAROL, direction: 'newest-first', cursorSeq, limit: 3, state: null, fromMs: null, untilMs: null },
    });
  const first = await list(null);
  if (first.kind !== 'legs') throw new Error(first.kind);
  expect(first.legs.map((leg) => leg.journal?.balanceAfterMinor)).toEqual([5n, 4n, 3n]);
  const second = await list(first.nextCursorSeq);
  expect(second).toMatchObject({ nextCursorSeq: null, legs: [{ journal: { balanceAfterMinor: 2n } }, { journal: { balanceAfterMinor: 1n } }] });
});

test('a leg is found by its txn: decided, undecided, after it has left memory, and not when there is none', async () => {
  const cluster = await started();
  const old = payment('old', BOB, CAROL, 1n);
  await cluster.one(BUCKET_2, decideCommit(old, []));
  const open = payment('open', ALICE, BOB, 10n);
  await cluster.one(BUCKET_2, prepare(open, BOB));
  const ask = (txn: TxnId, account: AccountNumber, token: string | null = null) =>
    cluster.ask(BUCKET_2, { kind: 'leg', bucket: BUCKET_2, account, txn, token });
  expect(await ask(old.txn, CAROL)).toMatchObject({ kind: 'leg', leg: { txn: old.txn, account: CAROL, state: 'committed' } });
  expect(await ask(open.txn, BOB)).toMatchObject({ kind: 'leg', leg: { txn: open.txn, state: 'prepared' } });
  expect(await ask(open.txn, CAROL)).toEqual({ kind: 'leg', leg: null });
  await cluster.clock.advance(1_000);
  cluster.kill(RM_2);
  await cluster.restart(RM_2);
  await cluster.clock.advance(5_000);
  expect(await ask(old.txn, CAROL, accountToken(CAROL))).toMatchObject({ kind: 'leg', leg: { txn: old.txn, state: 'committed' } });
  expect(await ask(old.txn, CAROL, accountToken(BOB))).toEqual({ kind: 'permission-denied', reason: 'ACCOUNT_OF_ANOTHER_CALLER' });
});

test('a bucket says nothing about accounts in slots that it does not own', async () => {
  const cluster = await started();
  const nowhere = { kind: 'wrong-bucket', slot: slotOfAccount(ALICE) };
  expect(await cluster.ask(BUCKET_2, { kind: 'leg', bucket: BUCKET_2, account: ALICE, txn: payment('p', ALICE, BOB, 1n).txn, token: null })).toMatchObject(
    nowhere,
  );
  expect(
    await cluster.ask(BUCKET_2, { kind: 'read-accounts', bucket: BUCKET_2, level: 'committed', numbers: [BOB, ALICE], token: null, at: 'now' }),
  ).toMatchObject(nowhere);
  const query = { account: ALICE, direction: 'newest-first', cursorSeq: null, limit: 3, state: null, fromMs: null, untilMs: null } as const;
  expect(await cluster.ask(BUCKET_2, { kind: 'list-legs', bucket: BUCKET_2, token: null, sinceUs: null, query })).toMatchObject(nowhere);
});

test('accounts are listed in pages', async () => {
  const cluster = await started();
  const first = await cluster.ask(BUCKET_2, { kind: 'list-accounts', bucket: BUCKET_2, after: null, limit: 1, slots: null });
  if (first.kind !== 'account-list') throw new Error(first.kind);
  const second = await cluster.ask(BUCKET_2, { kind: 'list-accounts', bucket: BUCKET_2, after: first.next, limit: 1, slots: null });
  if (second.kind !== 'account-list') throw new Error(second.kind);
  expect([...first.accounts, ...second.accounts].map(({ number }) => number).sort()).toEqual([BOB, CAROL].sort());
  expect(second.next).toBeNull();
});

test('replicas have one checksum behind the entry that closes the bucket at a moment, whether payments run or not', async () => {
  const cluster = await new TestCluster({ rms: 3, replication: 3, config: { deliverAfterMs: 500_000, resolveAfterMs: 600_000 } }).start();
  const [from, to] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];
  await cluster.instruct(BUCKET_1, [createAccount(from, 1000n), createAccount(to, 0n)]);
  for (const isBusy of [true, false]) {
    const before = cluster.raft.group(BUCKET_1).entries.length;
    const atUs = (cluster.clock.wallMs() + 100) * 1_000;
    const sums = [RM_1, RM_2, RM_3].map((rm) => cluster.manager(rm).handle({ kind: 'checksum', bucket: BUCKET_1, atUs }, 'tm'));
    for (let i = 0; i < 8 && isBusy; i += 1) {
      await cluster.one(BUCKET_1, decideCommit(payment(`p${i}`, from, to, 1n), []));
      await cluster.clock.advance(30);
    }
    const checksums = (await cluster.clock.await(Promise.all(sums))).map((reply) => (reply.kind === 'checksum' ? reply.checksum : reply));
    const [first] = checksums;
    expect(checksums).toEqual([RM_1, RM_2, RM_3].map((rm) => ({ ...first, rm })));
    expect(first).toMatchObject({ differences: [], accounts: 2 });
    if (!isBusy) expect(cluster.raft.group(BUCKET_1).entries.length - before).toBe(1);
  }
});
