/**
 * A database that is silent: nothing is proposed that could not be applied, what was committed is answered, a leader
 * leaves its place, and a follower that falls behind waits and catches up.
 */
import { rmId, type AccountNumber } from '@mas/values';
import { BUCKET_1, RM_1, RM_2, TestCluster } from './testing/cluster';
import { accountsIn, createAccount, decideCommit, payment } from './testing/payments';

const [ALICE, BOB] = accountsIn(0, 4095, 2) as [AccountNumber, AccountNumber];
const RM_3 = rmId(3);
const pay = (id: string) =>
  ({ kind: 'instructions', bucket: BUCKET_1, phase: 'phase-2-commit', items: [decideCommit(payment(id, ALICE, BOB, 1n), [])] }) as const;

async function started(config: object = {}): Promise<TestCluster> {
  const cluster = await new TestCluster({ rms: 3, replication: 3, config }).start();
  await cluster.instruct(BUCKET_1, [createAccount(ALICE, 1000n), createAccount(BOB, 0n)]);
  await cluster.clock.advance(1_000);
  return cluster;
}

test('rows that do not come: unavailable, and nothing is in the log', async () => {
  const cluster = await started({ cachedAccounts: 1 });
  cluster.database(RM_1).down = true;
  const entries = cluster.raft.group(BUCKET_1).entries.length;
  expect(await cluster.ask(BUCKET_1, pay('p'))).toEqual({ kind: 'unavailable', reason: 'the database does not answer' });
  expect(cluster.raft.group(BUCKET_1).entries.length).toBe(entries);
});

test('rows that come too late: unavailable, and their late arrival harms nothing', async () => {
  const cluster = await started({ cachedAccounts: 1 });
  let open: () => void = () => undefined;
  cluster.database(RM_1).gate = new Promise((resolve) => {
    open = resolve;
  });
  expect(await cluster.ask(BUCKET_1, pay('p'))).toEqual({ kind: 'unavailable', reason: 'the database does not answer' });
  cluster.database(RM_1).gate = null;
  open();
  await cluster.clock.settle();
  expect(await cluster.ask(BUCKET_1, pay('p'))).toMatchObject({ kind: 'outcomes' });
  expect(await cluster.balance(BOB)).toBe(1n);
});

test('payments on rows in memory go on, and the host hears that the leader should hand over; no answer is lost', async () => {
  const cluster = await started();
  cluster.database(RM_1).down = true;
  expect(await cluster.ask(BUCKET_1, pay('first'))).toMatchObject({ kind: 'outcomes' });
  await cluster.clock.advance(4_000);
  expect(cluster.host(RM_1).hasFailingStore).toBe(true);
  cluster.raft.handOver(BUCKET_1);
  await cluster.clock.settle();
  expect(cluster.leaderOf(BUCKET_1)).not.toBe(RM_1);
  expect(await cluster.ask(BUCKET_1, pay('second'))).toMatchObject({ kind: 'outcomes' });
  expect(await cluster.balance(BOB)).toBe(2n);
  expect(await cluster.clock.await(cluster.manager(RM_1).handle(pay('third'), 'tm'))).toEqual({ kind: 'not-leader', leader: cluster.leaderOf(BUCKET_1) });
});

describe('a database that is away everywhere', () => {
  async function away(config: object): Promise<TestCluster> {
    const cluster = await started(config);
    for (const rm of [RM_1, RM_2, RM_3]) cluster.database(rm).down = true;
    await cluster.clock.advance(300);
    return cluster;
  }

  test('rows that are not in memory: callers hear within half a second whose database it is, later ones at once, readers too', async () => {
    const cluster = await away({ cachedAccounts: 1 });
    const ask = async (): Promise<[unknown, number]> => {
      const startedMs = cluster.clock.monotonicMs();
      const reply = await cluster.clock.await(cluster.manager(RM_1).handle(pay('p'), 'tm'));
      return [reply, cluster.clock.monotonicMs() - startedMs];
    };
    // One failed query alone says little.
    expect((await ask())[0]).toMatchObject({ kind: 'unavailable' });
    await cluster.clock.advance(500);
    expect(await ask()).toEqual([{ kind: 'no-store', rm: RM_1 }, 0]);
    expect(
      await cluster.clock.await(
        cluster.manager(RM_1).handle({ kind: 'read-accounts', bucket: BUCKET_1, level: 'uncommitted', numbers: [ALICE, BOB], at: 'now', token: null }, 'tm'),
      ),
    ).toEqual({ kind: 'no-store', rm: RM_1 });
  });

  test('where another could take the place, they are told to try again', async () => {
    const cluster = await away({ cachedAccounts: 1 });
    cluster.database(RM_2).down = false;
    await cluster.clock.advance(300);
    await cluster.clock.await(cluster.manager(RM_1).handle(pay('p'), 'tm'));
    await cluster.clock.advance(1_000);
    expect(await cluster.clock.await(cluster.manager(RM_1).handle(pay('p'), 'tm'))).toEqual({ kind: 'unavailable', reason: 'the database does not answer' });
  });

  test('rows that are in memory are paid from until the backlog is full', async () => {
    const cluster = await away({ checkpointRows: 5, backlogRows: 20, backlogCapRows: 10_050 });
    const replies: string[] = [];
    for (let i = 0; i < 20 && replies.at(-1) !== 'no-store'; i += 1) {
      await cluster.clock.advance(500);
      replies.push((await cluster.clock.await(cluster.manager(RM_1).handle(pay(`p${i}`), 'tm'))).kind);
    }
    expect(replies.length).toBeGreaterThan(3);
    expect(replies).toEqual([...replies.slice(0, -1).map(() => 'outcomes'), 'no-store']);
  });

  test('a process that leads nothing finds out by itself that its database is back', async () => {
    const cluster = await away({});
    cluster.raft.elect(BUCKET_1, RM_2);
    await cluster.ask(BUCKET_1, pay('written by a checkpoint'));
    await cluster.clock.advance(6_000);
    expect(cluster.host(RM_1).hasFailingStore).toBe(true);
    for (const rm of [RM_1, RM_2, RM_3]) cluster.database(rm).down = false;
    await cluster.clock.advance(300);
    expect(cluster.host(RM_1).hasFailingStore).toBe(false);
  });
});

test('a database that is back is noticed without any request', async () => {
  const cluster = await started({ cachedAccounts: 1 });
  cluster.database(RM_1).down = true;
  await cluster.ask(BUCKET_1, pay('p'));
  await cluster.clock.advance(4_000);
  expect(cluster.host(RM_1).hasFailingStore).toBe(true);
  cluster.database(RM_1).down = false;
  await cluster.clock.advance(1_000);
  expect(cluster.host(RM_1).hasFailingStore).toBe(false);
});

test('a full backlog: the leader refuses, a follower waits, both catch up', async () => {
  const cluster = await started({ checkpointRows: 5, backlogRows: 20, backlogCapRows: 10_050 });
  cluster.database(RM_1).down = true;
  let refused = 0;
  for (let i = 0; i < 20 && refused === 0; i += 1) {
    const reply = await cluster.clock.await(cluster.manager(RM_1).handle(pay(`p${i}`), 'tm'));
    if (reply.kind === 'unavailable') refused += 1;
    else expect(reply).toMatchObject({ kind: 'outcomes' });
  }
  expect(refused).toBe(1);
  cluster.database(RM_1).down = false;
  await cluster.clock.advance(3_000);
  expect(await cluster.ask(BUCKET_1, pay('after'))).toMatchObject({ kind: 'outcomes' });
  const [one, two] = [await cluster.checksum(RM_1, BUCKET_1), await cluster.checksum(RM_2, BUCKET_1)];
  expect(one.sha256).toBe(two.sha256);
});

test('a follower whose database is silent applies what needs no row, waits for the rest, and ends up equal', async () => {
  const cluster = await started({ cachedAccounts: 1 });
  cluster.database(RM_2).down = true;
  for (let i = 0; i < 5; i += 1) await cluster.ask(BUCKET_1, pay(`p${i}`));
  await cluster.clock.advance(3_000);
  expect(
    cluster
      .host(RM_2)
      .status()
      .find(({ group }) => group === BUCKET_1)?.appliedIndex,
  ).toBeLessThan(cluster.raft.group(BUCKET_1).commit);
  cluster.database(RM_2).down = false;
  await cluster.clock.advance(3_000);
  expect((await cluster.checksum(RM_2, BUCKET_1)).sha256).toBe((await cluster.checksum(RM_1, BUCKET_1)).sha256);
  expect(cluster.fatal).toEqual([]);
});

test('leadership lost while an entry is under way: unknown, and the same id tells', async () => {
  const cluster = await started();
  cluster.raft.group(BUCKET_1).stalled = true;
  const reply = cluster.manager(RM_1).handle(pay('p'), 'tm');
  const queued = cluster.clock.settle().then(() => cluster.manager(RM_1).handle(pay('q'), 'tm'));
  await cluster.clock.settle();
  cluster.raft.group(BUCKET_1).stalled = false;
  cluster.raft.elect(BUCKET_1, RM_2);
  expect(await cluster.clock.await(reply)).toMatchObject({ kind: 'unknown' });
  expect(await cluster.clock.await(queued)).toEqual({ kind: 'not-leader', leader: RM_2 });
  expect(await cluster.ask(BUCKET_1, pay('p'))).toMatchObject({ kind: 'outcomes', outcomes: [{ outcome: { kind: 'decided', fresh: true } }] });
  expect(await cluster.balance(BOB)).toBe(1n);
});

test('a new leader answers nothing before it has applied what earlier leaders committed', async () => {
  const cluster = await started();
  cluster.host(RM_2).held.add(BUCKET_1);
  await cluster.ask(BUCKET_1, pay('p'));
  cluster.raft.elect(BUCKET_1, RM_2);
  expect(await cluster.clock.await(cluster.manager(RM_2).handle(pay('p'), 'tm'))).toEqual({ kind: 'unavailable', reason: 'taking over' });
  cluster.host(RM_2).held.clear();
  cluster.raft.advance(BUCKET_1);
  await cluster.clock.settle();
  expect(await cluster.ask(BUCKET_1, pay('p'))).toMatchObject({ outcomes: [{ outcome: { kind: 'decided', fresh: false } }] });
});
