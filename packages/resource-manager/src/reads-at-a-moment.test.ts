/** Reads at a moment (docs/adr/0021): what they see, what they close, and that the same moment gives the same values for ever. */
import { MOMENTS_SINCE } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { ParticipantReply, ReadMoment } from '@mas/two-phase-commit';
import type { AccountNumber, BucketId, RmId } from '@mas/values';
import { BUCKET_1, BUCKET_2, RM_1, RM_2, TestCluster } from './testing/cluster';
import { accountsIn, commitLeg, createAccount, decideCommit, payment, prepare, type Payment } from './testing/payments';

const [ALICE] = accountsIn(0, 2047, 1) as [AccountNumber];
const [BOB, CAROL] = accountsIn(2048, 4095, 2) as [AccountNumber, AccountNumber];

async function started(): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: 2, buckets: 2, config: { resolveAfterMs: 600_000, deliverAfterMs: 500_000 } }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n)]);
  await cluster.instruct(BUCKET_2, [createAccount(BOB, 50n), createAccount(CAROL, 0n)]);
  return cluster;
}

const ask = (cluster: TestCluster, bucket: BucketId, number: AccountNumber, at: ReadMoment) =>
  cluster.ask(bucket, { kind: 'read-accounts', bucket, level: 'committed', numbers: [number], token: null, at });
const entries = (cluster: TestCluster, bucket: BucketId): number => cluster.raft.group(bucket).entries.length;

async function balance(cluster: TestCluster, bucket: BucketId, number: AccountNumber, at: number | 'now'): Promise<bigint | null> {
  const reply = await ask(cluster, bucket, number, at);
  if (reply.kind !== 'accounts') throw new Error(JSON.stringify(reply));
  return reply.readings[0]?.balanceMinor ?? null;
}

async function momentOf(reply: Promise<ParticipantReply>): Promise<number> {
  const accounts = await reply;
  if (accounts.kind !== 'accounts' || accounts.momentUs === null) throw new Error(JSON.stringify(accounts));
  return accounts.momentUs;
}

async function prepared(cluster: TestCluster, p: Payment, account: AccountNumber): Promise<number> {
  const reply = await cluster.one(BUCKET_2, prepare(p, account));
  if (reply.kind !== 'prepared' || reply.leg.preparedUs === null) throw new Error(JSON.stringify(reply));
  return reply.leg.preparedUs;
}

/** @returns its commit time */
async function decided(cluster: TestCluster, p: Payment, notBeforeUs: number): Promise<number> {
  const reply = await cluster.one(BUCKET_1, decideCommit(p, [BOB], notBeforeUs));
  const decision = reply.kind === 'decided' ? reply.outcome.decision : null;
  if (decision?.kind !== 'committed' || decision.commitUs === null) throw new Error(JSON.stringify(reply));
  return decision.commitUs;
}

test('what was decided before the read is seen, at a moment that has it, though nobody has told the leg; the leg is not told by it', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  const commitUs = await decided(cluster, p, await prepared(cluster, p, BOB));
  const before = entries(cluster, BUCKET_2);
  const readUs = await momentOf(ask(cluster, BUCKET_2, BOB, 'now'));
  expect(readUs).toBeGreaterThanOrEqual(commitUs);
  expect(await balance(cluster, BUCKET_2, BOB, readUs)).toBe(150n);
  expect(await cluster.ask(BUCKET_2, { kind: 'leg', bucket: BUCKET_2, account: BOB, txn: p.txn, token: null })).toMatchObject({ leg: { state: 'prepared' } });
  // The entry that closed the bucket there, and no other.
  expect(entries(cluster, BUCKET_2) - before).toBe(1);
});

test('the same moment gives the same values, whatever comes later', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  const preparedUs = await prepared(cluster, p, BOB);
  const openUs = await momentOf(ask(cluster, BUCKET_2, BOB, 'now'));
  expect(await balance(cluster, BUCKET_2, BOB, openUs)).toBe(50n);
  const commitUs = await decided(cluster, p, preparedUs);
  expect(commitUs).toBeGreaterThan(openUs);
  const values = async (): Promise<readonly (bigint | null)[]> =>
    Promise.all([openUs, commitUs - 1, commitUs].map((us) => balance(cluster, BUCKET_2, BOB, us)));
  expect(await values()).toEqual([50n, 50n, 150n]);
  await cluster.one(BUCKET_2, commitLeg(p, BOB, commitUs));
  expect(await values()).toEqual([50n, 50n, 150n]);
  await cluster.one(BUCKET_2, decideCommit(payment('spend', BOB, CAROL, 30n), []));
  expect(await values()).toEqual([50n, 50n, 150n]);
  expect(await balance(cluster, BUCKET_1, ALICE, commitUs - 1)).toBe(1000n);
  expect(await balance(cluster, BUCKET_1, ALICE, commitUs)).toBe(900n);
  expect(await balance(cluster, BUCKET_2, BOB, 'now')).toBe(120n);
});

test('a moment is chosen behind everything that the homes have decided, whoever asks them for theirs', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  const commitUs = await decided(cluster, p, await prepared(cluster, p, BOB));
  expect(await momentOf(ask(cluster, BUCKET_2, BOB, { choose: [] }))).toBeGreaterThanOrEqual(commitUs);
  expect(await momentOf(ask(cluster, BUCKET_1, ALICE, { choose: [] }))).toBeGreaterThanOrEqual(commitUs);
  cluster.kill(RM_1);
  expect(await ask(cluster, BUCKET_2, BOB, { choose: [] })).toMatchObject({ kind: 'unavailable' });
  expect(await ask(cluster, BUCKET_2, BOB, { choose: [{ from: slotOfAccount(ALICE), to: slotOfAccount(ALICE) }] })).toMatchObject({
    kind: 'accounts',
    readings: [],
  });
});

test('a home that is closed at a moment says what it has recorded up to there without a quorum', async () => {
  const cluster = await new TestCluster({ rms: 2, replication: 2, config: { resolveAfterMs: 600_000, deliverAfterMs: 500_000 } }).start();
  const [from, to] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];
  await cluster.instruct(BUCKET_1, [createAccount(from, 1000n), createAccount(to, 0n)]);
  const p = payment('p', from, to, 1n);
  await cluster.one(BUCKET_1, decideCommit(p, []));
  const us = await momentOf(ask(cluster, BUCKET_1, to, 'now'));
  const leader = cluster.raft.group(BUCKET_1).leader as RmId;
  cluster.raft.group(BUCKET_1).stalled = true;
  const keys = [p, payment('never', from, to, 1n)].map(({ key, homeSlot }) => ({ key, homeSlot }));
  const home = (closedAtUs: number | null, isPast: boolean): Promise<ParticipantReply> =>
    cluster.manager(leader).handle({ kind: 'query', bucket: BUCKET_1, keys, closedAtUs, isPast, decisionsOnly: true }, 'rm');
  const recorded = { kind: 'decisions', decisions: [{ txn: p.txn, decision: { kind: 'committed' } }, null] };
  expect(await cluster.clock.await(home(us, true))).toMatchObject(recorded);
  expect(await cluster.clock.await(home(null, false))).toMatchObject({ kind: 'unavailable' });
  // What was decided before the question may be behind the moment, by another leader.
  expect(await cluster.clock.await(home(us, false))).toMatchObject({ kind: 'unavailable' });
  let answered = false;
  void home(us + 1_000_000, true).then(() => (answered = true));
  await cluster.clock.advance(1_000);
  expect(answered).toBe(false);
});

test('an idle bucket, and an idle home, are closed at the moment that is read: what they decide later lies behind it', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  const preparedUs = await prepared(cluster, p, BOB);
  const us = (await momentOf(ask(cluster, BUCKET_2, BOB, { choose: [] }))) + 5_000_000;
  expect(await balance(cluster, BUCKET_2, BOB, us)).toBe(50n);
  expect(await decided(cluster, p, preparedUs)).toBeGreaterThan(us);
  const spend = await cluster.one(BUCKET_2, decideCommit(payment('spend', BOB, CAROL, 30n), []));
  expect(spend).toMatchObject({ outcome: { decision: { kind: 'committed' } } });
  expect(await balance(cluster, BUCKET_2, BOB, us)).toBe(50n);
});

test('readers of an idle bucket share the entry that closes it', async () => {
  const cluster = await started();
  const us = (await momentOf(ask(cluster, BUCKET_2, BOB, { choose: [] }))) + 1_000;
  const before = entries(cluster, BUCKET_2);
  const replies = await cluster.clock.await(
    Promise.all(
      [0, 1, 2, 3].map((more) =>
        cluster.manager(RM_2).handle({ kind: 'read-accounts', bucket: BUCKET_2, level: 'committed', numbers: [BOB], token: null, at: us + more }, 'tm'),
      ),
    ),
  );
  expect(replies.map(({ kind }) => kind)).toEqual(['accounts', 'accounts', 'accounts', 'accounts']);
  expect(entries(cluster, BUCKET_2) - before).toBeLessThanOrEqual(2);
});

test('an account that came later was not there', async () => {
  const cluster = await started();
  const us = await momentOf(ask(cluster, BUCKET_2, BOB, 'now'));
  const [, , DAVE] = accountsIn(2048, 4095, 3) as [AccountNumber, AccountNumber, AccountNumber];
  await cluster.instruct(BUCKET_2, [createAccount(DAVE, 7n)]);
  expect(await balance(cluster, BUCKET_2, DAVE, us)).toBeNull();
  expect(await balance(cluster, BUCKET_2, DAVE, 'now')).toBe(7n);
});

test('what is asked for too far back, or too far ahead, is refused by name, and moves nothing', async () => {
  const cluster = await started();
  const us = await momentOf(ask(cluster, BUCKET_2, BOB, 'now'));
  expect(await ask(cluster, BUCKET_2, BOB, 1)).toMatchObject({ kind: 'no-moment', why: 'before' });
  const before = entries(cluster, BUCKET_2);
  expect(await ask(cluster, BUCKET_2, BOB, us + 2 * 86_400_000_000)).toMatchObject({ kind: 'no-moment', why: 'ahead' });
  expect(entries(cluster, BUCKET_2)).toBe(before);
  expect(MOMENTS_SINCE).toBe(8);
});

test('any replica that has come so far answers; one that has not says who leads', async () => {
  const cluster = await new TestCluster({ rms: 3, replication: 3, config: { resolveAfterMs: 600_000, deliverAfterMs: 500_000 } }).start();
  const [from, to] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];
  await cluster.instruct(BUCKET_1, [createAccount(from, 1000n), createAccount(to, 0n)]);
  await cluster.one(BUCKET_1, decideCommit(payment('p', from, to, 1n), []));
  const us = await momentOf(ask(cluster, BUCKET_1, to, 'now'));
  await cluster.one(BUCKET_1, decideCommit(payment('q', from, to, 1n), []));
  const leader = cluster.raft.group(BUCKET_1).leader;
  const follower = [RM_1, RM_2].find((rm) => rm !== leader) as RmId;
  const ofFollower = (at: number) =>
    cluster.clock.await(
      cluster.manager(follower).handle({ kind: 'read-accounts', bucket: BUCKET_1, level: 'committed', numbers: [to], token: null, at }, 'tm'),
    );
  expect(await ofFollower(us)).toMatchObject({ kind: 'accounts', readings: [{ balanceMinor: 1n }], momentUs: us });
  expect(await ofFollower(us + 60_000_000)).toEqual({ kind: 'not-leader', leader });
  const listed = (sinceUs: number): Promise<ParticipantReply> => {
    const query = { account: to, direction: 'oldest-first', cursorSeq: null, limit: 9, state: null, fromMs: null, untilMs: null } as const;
    return cluster.clock.await(cluster.manager(follower).handle({ kind: 'list-legs', bucket: BUCKET_1, query, token: null, sinceUs }, 'tm'));
  };
  // Nothing of the other payment is in the follower's rows before it is asked.
  const legs = await listed(us);
  expect(legs.kind === 'legs' && legs.legs.slice(0, 1)).toMatchObject([{ txn: payment('p', from, to, 1n).txn, state: 'committed' }]);
  expect(await listed(us + 60_000_000)).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('has not come to the moment') as string });
});

test('the money of all buckets at one moment is the money issued, with a payment told to one side only', async () => {
  const cluster = await started();
  const p = payment('p', ALICE, BOB, 100n);
  const commitUs = await decided(cluster, p, await prepared(cluster, p, BOB));
  for (const us of [commitUs - 1, commitUs]) {
    let sum = 0n;
    for (const bucket of [BUCKET_1, BUCKET_2]) {
      const reply = await cluster.ask(bucket, { kind: 'totals', bucket, atUs: us });
      if (reply.kind !== 'totals') throw new Error(JSON.stringify(reply));
      for (const amountMinor of reply.totals.balances.values()) sum += amountMinor;
    }
    expect(sum).toBe(1050n);
  }
});

describe('moments of long ago, which are read from rows', () => {
  /** All is in SQL, and the processes that come after remember nothing of how it came there. */
  async function forgets(cluster: TestCluster): Promise<void> {
    await cluster.clock.advance(10_000);
    for (const rm of [RM_1, RM_2]) await cluster.restart(rm);
    await cluster.clock.advance(1_000);
  }

  /** Payments within bucket 2 and into it, told at once, late or not at all; what was read of BOB meanwhile. */
  async function lived(
    payments: number,
  ): Promise<{ readonly cluster: TestCluster; readonly seen: readonly { readonly us: number; readonly balanceMinor: bigint | null }[] }> {
    const cluster = await started();
    const seen: { us: number; balanceMinor: bigint | null }[] = [];
    const late: { readonly p: Payment; readonly preparedUs: number }[] = [];
    const told: { readonly p: Payment; readonly commitUs: number }[] = [];
    for (let i = 0; i < payments; i += 1) {
      const p = payment(`into-${i}`, ALICE, BOB, BigInt(1 + (i % 3)));
      if (i % 4 === 0) late.push({ p, preparedUs: await prepared(cluster, p, BOB) });
      else await cluster.one(BUCKET_2, decideCommit(payment(`within-${i}`, i % 2 === 0 ? CAROL : BOB, i % 2 === 0 ? BOB : CAROL, 1n), []));
      if (i % 12 === 0 && late.length > 2) {
        const open = late.splice(i % late.length, 1)[0];
        if (open !== undefined) told.push({ p: open.p, commitUs: await decided(cluster, open.p, open.preparedUs) });
      }
      if (i % 20 === 0) {
        const one = told.splice(i % Math.max(1, told.length), 1)[0];
        if (one !== undefined) await cluster.one(BUCKET_2, commitLeg(one.p, BOB, one.commitUs));
      }
      if (i % 7 === 0) {
        const us = await momentOf(ask(cluster, BUCKET_2, BOB, 'now'));
        seen.push({ us, balanceMinor: await balance(cluster, BUCKET_2, BOB, us) });
      }
    }
    return { cluster, seen };
  }

  test('give what was read then, across marks, open legs and late second phases', async () => {
    const { cluster, seen } = await lived(700);
    await forgets(cluster);
    const lists = (): number => cluster.database(RM_1).lists + cluster.database(RM_2).lists;
    const before = lists();
    const now = [];
    for (const { us } of seen) now.push({ us, balanceMinor: await balance(cluster, BUCKET_2, BOB, us) });
    expect(now).toEqual(seen);
    expect(lists() - before).toBeGreaterThan(seen.length);
    const legs = await cluster.ask(BUCKET_2, {
      kind: 'list-legs',
      bucket: BUCKET_2,
      token: null,
      sinceUs: null,
      query: { account: BOB, direction: 'oldest-first', cursorSeq: null, limit: 500, state: 'committed', fromMs: null, untilMs: null },
    });
    expect(legs.kind === 'legs' && legs.legs.filter(({ mark }) => mark !== null).length).toBeGreaterThanOrEqual(2);
    expect(legs.kind === 'legs' && legs.legs.some(({ mark }) => (mark?.openSeqs.length ?? 0) > 0)).toBe(true);
  });

  test('before it was opened an account was not there', async () => {
    const { cluster } = await lived(10);
    await forgets(cluster);
    const legs = await cluster.ask(BUCKET_2, { kind: 'list-accounts', bucket: BUCKET_2, after: null, limit: 10, slots: null });
    const createdUs = legs.kind === 'account-list' ? (legs.accounts[0]?.createdAtMs ?? 0) * 1_000 : 0;
    expect(await balance(cluster, BUCKET_2, BOB, createdUs)).toBeNull();
  });
});
