/**
 * What a real server does to a checkpoint: dies in the middle, loses the connection at COMMIT, stops answering, runs out of
 * connections, deadlocks. After each: all of the checkpoint or none of it, and the caller knows what it may know.
 */
import { startMariaDb, waitUntil, type TestServer } from '@mas/test-servers';
import { StoreUnavailable, WriterFenced, type BucketStore } from '@mas/resource-manager';
import { accountNumber, bucketId } from '@mas/values';
import { account, batch, leg, manyRows, position } from '@mas/testkit/applied-store';
import { openMysqlStore } from '../open-store';
import type { SqlAppliedStore } from '../store/sql-applied-store';
import { CuttingProxy } from '../testing/cutting-proxy';
import { DirectSql } from '../testing/direct-sql';

const B = bucketId(1);
const ABC = { accounts: [accountNumber('abc')], legs: [], outcomes: [] };
const DATABASE = 'mas_faults';
const closers: (() => Promise<void> | void)[] = [];
let server: TestServer;
beforeAll(async () => {
  server = await startMariaDb();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => server.stop());

async function open(options: { readonly port?: number; readonly statementTimeoutMs?: number } = {}): Promise<SqlAppliedStore> {
  const url = `mysql://root@127.0.0.1:${options.port ?? server.port}`;
  const { statementTimeoutMs } = options;
  const store = await openMysqlStore({ url, database: DATABASE, ...(statementTimeoutMs === undefined ? {} : { statementTimeoutMs }) });
  closers.push(() => store.close());
  await store.migrate();
  return store;
}

/** An empty bucket with one account at index 10. */
async function fresh(store: SqlAppliedStore): Promise<BucketStore> {
  await store.dropBucket(B);
  const opened = await store.openBucket(B);
  await opened.store.checkpoint(batch(B, { accounts: [account('abc')] }));
  return opened.store;
}

/** The same with a store that is as impatient as the test needs it: what such a one cannot do on a busy machine is done again. */
async function impatient(statementTimeoutMs: number): Promise<BucketStore> {
  const opened: BucketStore[] = [];
  await waitUntil('the bucket is there', async () => opened.push(await fresh(await open({ statementTimeoutMs }))) > 0);
  const [bucket = await fresh(await open({ statementTimeoutMs }))] = opened;
  return bucket;
}

async function passes(bucket: BucketStore, wanted: typeof next): Promise<void> {
  await waitUntil('the checkpoint passes', () => bucket.checkpoint(wanted).then(() => true));
}

async function direct(): Promise<DirectSql> {
  const connection = await DirectSql.connect(server.port, DATABASE);
  closers.push(() => connection.close());
  return connection;
}

/** Follows on fresh(). */
const next = batch(B, { previous: position(10), applied: position(11), accounts: [account('abc', { balanceMinor: 7n })], legs: [leg('abc', 5)] });

/** Only checkpoints insert accounts here. InnoDB refreshes this table only if nobody has read it for 100 ms. */
async function aCheckpointWaits(look: DirectSql): Promise<void> {
  const waiting = `select count(*) from information_schema.innodb_trx where trx_state='LOCK WAIT' and trx_query regexp 'into (table )?account'`;
  await waitUntil('a checkpoint waits for a row', async () => Number(await look.value(waiting)) === 1, { intervalMs: 150 });
}

async function expectBothOrNeither(bucket: BucketStore, appliedIndex: number): Promise<void> {
  const request = { ...ABC, legs: [{ account: accountNumber('abc'), txn: leg('abc', 5).txn, seqRanges: [{ from: 0, to: 9 }] }] };
  const seen: Awaited<ReturnType<BucketStore['load']>>[] = [];
  await waitUntil('the rows are read', async () => seen.push(await bucket.load(request)) > 0);
  const [loaded = await bucket.load(request)] = seen;
  expect(loaded.accounts).toEqual(appliedIndex === 11 ? next.accounts : [account('abc')]);
  expect(loaded.legs).toEqual(appliedIndex === 11 ? next.legs : []);
}

test('kill -9 at any moment of a checkpoint: the restarted server has all of it or none', async () => {
  let killedAt = { before: 0, after: 0 };
  await fresh(await open());
  let applied = position(10);
  let balance = 1_000n;
  for (const delayMs of [1, 15, 40, 70, 100, 140]) {
    const store = await open();
    const { store: bucket, checkpoint } = await store.openBucket(B);
    expect(checkpoint.applied).toEqual(applied);
    const rows = manyRows(2_000, 'killed');
    const upcoming = position(applied.index + 1);
    const changed = batch(B, {
      previous: applied,
      applied: upcoming,
      ...rows,
      accounts: [account('abc', { balanceMinor: balance + 1n }), ...rows.accounts.map((row) => ({ ...row, rev: upcoming.index }))],
    });
    const outcome = bucket.checkpoint(changed).then(
      () => 'committed',
      (error: unknown) => error,
    );
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await server.kill();
    const result = await outcome;
    await server.restart();
    const again = await (await open()).openBucket(B);
    const happened = again.checkpoint.applied.index === upcoming.index;
    if (result === 'committed') expect(happened).toBe(true);
    else expect(result).toBeInstanceOf(StoreUnavailable);
    if (result instanceof StoreUnavailable && !result.effectUnknown) expect(happened).toBe(false);
    if (happened) {
      applied = upcoming;
      balance += 1n;
    }
    killedAt = { before: killedAt.before + (happened ? 0 : 1), after: killedAt.after + (happened ? 1 : 0) };
    const loaded = await again.store.load({ ...ABC, accounts: [accountNumber('abc'), ...rows.accounts.map((row) => row.number)] });
    expect(loaded.accounts.find((row) => row.number === 'abc')?.balanceMinor).toBe(balance);
    const revs = new Set(loaded.accounts.filter((row) => row.number !== 'abc').map((row) => row.rev));
    expect([...revs]).toEqual(applied.index === 10 ? [] : [applied.index]);
  }
  // The delays must have caught it before its COMMIT at least once, or this test proves nothing.
  expect(killedAt.before).toBeGreaterThan(0);
});

test.each(['before-server', 'after-server'] as const)(
  'the connection is cut at COMMIT (%s): the checkpoint finds out by itself and succeeds once',
  async (cut) => {
    const proxy = await CuttingProxy.start(server.port);
    closers.push(() => proxy.stop());
    const bucket = await fresh(await open({ port: proxy.port }));
    proxy.cutNextCommit(cut);
    await bucket.checkpoint(next);
    expect(proxy.cuts).toBe(1);
    await expectBothOrNeither(bucket, 11);
  },
);

test.each([
  ['before-server', 10],
  ['after-server', 11],
] as const)('cut at COMMIT (%s), then the server is out of reach: effect unknown, and the same batch again settles it', async (cut, index) => {
  const proxy = await CuttingProxy.start(server.port);
  closers.push(() => proxy.stop());
  const bucket = await fresh(await open({ port: proxy.port }));
  const look = await direct();
  proxy.cutNextCommit(cut, true);
  await expect(bucket.checkpoint(next)).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown: true });
  await waitUntil('the server has noticed', async () => Number(await look.value('select applied_index from bucket_meta where bucket=1')) === index);
  proxy.heal();
  await bucket.checkpoint(next);
  await expectBothOrNeither(bucket, 11);
});

test('two writers: the old one is fenced, even in the middle of its checkpoint', async () => {
  const old = await fresh(await open());
  const blocker = await direct();
  // Holds the old writer inside its SQL transaction, behind the lock on an account.
  await blocker.run('begin');
  await blocker.run(`select * from account where bucket=1 and number='abc' for update`);
  const underWay = old.checkpoint(next).then(
    () => 'committed',
    (error: unknown) => error,
  );
  const look = await direct();
  await aCheckpointWaits(look);
  const taking = (await open()).openBucket(B);
  await blocker.run('rollback');
  const taken = await taking;
  // It committed before the new writer read, and the new writer sees it; what comes later is refused.
  expect(await underWay).toBe('committed');
  expect(taken.checkpoint.applied).toEqual(position(11));
  await expectBothOrNeither(taken.store, 11);
  await expect(old.checkpoint(batch(B, { previous: position(11), applied: position(12) }))).rejects.toThrow(WriterFenced);
});

test('a server that stops answering: unavailable within the time limit, and works again when it answers', async () => {
  const bucket = await impatient(400);
  server.pause();
  try {
    await expect(bucket.load(ABC)).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown: false });
    await expect(bucket.checkpoint(next)).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown: false });
  } finally {
    server.resume();
  }
  await passes(bucket, next);
  await expectBothOrNeither(bucket, 11);
});

test('killed connections are replaced in silence', async () => {
  const bucket = await fresh(await open());
  await bucket.load(ABC);
  const admin = await direct();
  const own = Number(await admin.value('select connection_id()'));
  for (const row of await admin.run(`select id from information_schema.processlist where user='root' and id<>${own}`))
    await admin.run(`kill ${String(row['id'] ?? row['ID'])}`);
  expect((await bucket.load(ABC)).accounts).toEqual([account('abc')]);
  await bucket.checkpoint(next);
  await expectBothOrNeither(bucket, 11);
});

test('too many connections: unavailable, and available again when they are gone', async () => {
  const setUp = await open();
  await fresh(setUp);
  await setUp.close();
  const admin = await direct();
  await admin.run('set global max_connections=10');
  closers.push(async () => {
    await (await direct()).run('set global max_connections=151');
  });
  const store = await openMysqlStore({ url: server.url, database: DATABASE });
  closers.push(() => store.close());
  const crowd: DirectSql[] = [];
  await waitUntil('no connection is left', async () => {
    const another = await DirectSql.connect(server.port).catch(() => null);
    if (another !== null) crowd.push(another);
    return another === null;
  });
  await expect(store.openBucket(B)).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown: false });
  for (const connection of crowd) connection.close();
  await waitUntil('the bucket opens again', () =>
    store.openBucket(B).then(
      () => true,
      () => false,
    ),
  );
});

test('a deadlock with somebody else is run again', async () => {
  const bucket = await fresh(await open());
  const other = await direct();
  const look = await direct();
  const deadlocks = async (): Promise<number> => Number((await look.run(`show global status like 'Innodb_deadlocks'`))[0]?.['Value']);
  const before = await deadlocks();
  // The other one has more to lose, so that InnoDB picks the checkpoint as the victim.
  await other.run('begin');
  await other.run(`insert into bucket_lock select 999, 1, seq, 'x', 'y', 1, 1 from seq_1_to_2000`);
  await other.run(`select * from account where bucket=1 and number='abc' for update`);
  const underWay = bucket.checkpoint(next);
  await aCheckpointWaits(look);
  await other.run('select * from bucket_meta where bucket=1 for update');
  await other.run('rollback');
  await underWay;
  expect(await deadlocks()).toBe(before + 1);
  await expectBothOrNeither(bucket, 11);
});

test('somebody holds the lock for too long: unavailable, nothing written', async () => {
  const bucket = await impatient(2_000);
  const other = await direct();
  await other.run('begin');
  await other.run('select * from bucket_meta where bucket=1 for update');
  await expect(bucket.checkpoint(next)).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown: false });
  await other.run('rollback');
  await expectBothOrNeither(bucket, 10);
  await passes(bucket, next);
  await expectBothOrNeither(bucket, 11);
});

test('rows that wait for a lock until the time limit: unavailable, the connection in the middle of a load is not used again', async () => {
  const bucket = await impatient(300);
  const other = await direct();
  await other.run('begin');
  await other.run(`select * from account where bucket=1 and number='abc' for update`);
  const many = manyRows(3_000, 'waits');
  const large = batch(B, { previous: position(10), applied: position(11), accounts: [...next.accounts, ...many.accounts], legs: [...next.legs, ...many.legs] });
  await expect(bucket.checkpoint(large)).rejects.toMatchObject({ kind: 'store-unavailable', effectUnknown: false });
  await other.run('rollback');
  await expectBothOrNeither(bucket, 10);
  await passes(bucket, large);
  await expectBothOrNeither(bucket, 11);
});
