/** Opening a store on a real server: what is wrong with the settings is said by name, and the tables are made once. */
import { createConnection } from 'mysql2';
import { freePort, startMariaDb, type TestServer } from '@mas/test-servers';
import { accountNumber, bucketId, type LogFacts } from '@mas/values';
import { account, batch, key, manyRows, outcome, position } from '@mas/testkit/applied-store';
import { allChunks } from '@mas/testkit/applied-store';
import { openAppliedStore, openMysqlStore } from '../open-store';
import { DirectSql } from '../testing/direct-sql';
import { backToSchema4 } from '../testing/rows-of-schema-4';
import { readsAndRewrites } from '../testing/upgraded-from-4';

let server: TestServer;
let direct: DirectSql;
beforeAll(async () => {
  server = await startMariaDb();
  direct = await DirectSql.connect(server.port);
});
afterAll(async () => {
  direct.close();
  await server.stop();
});

test.each([
  ['no url', 'url', /not a URL/],
  ['postgres://u@h/d', 'url', /begins with postgres:/],
  ['mysql://localhost/d', 'credentials', /names no user/],
  ['mysql://root@localhost:3306', 'database', /no database is named/],
  ['mysql://root@localhost/a-b', 'database', /"a-b" is not/],
  ['mysql://root@localhost/d?ssl=1', 'url', /none is known/],
  ['mysql://root:50%@localhost/d', 'url', /password has a stray %.*%25/],
  ['mysql://ro%zt@localhost/d', 'url', /user has a stray %/],
  ['mysql://root@localhost/d%', 'url', /database has a stray %/],
  ['mysql://root@local%zzhost/d', 'url', /no host name or address/],
  ['mysql://root:a/b@localhost/d', 'url', /not a URL.*percent-encoded/],
  ['mysql://root@localhost/d#x', 'url', /%23/],
  ['mysql://root@localhost:0/d', 'url', /port is 0/],
  ['mysql://root@localhost:66000/d', 'url', /not a URL/],
  ['mysql:root@localhost/d', 'url', /names no host/],
  ['mysql://root@localhost/mysql', 'database', /SQL server itself/],
  ['mysql://root@localhost/Information_Schema', 'database', /SQL server itself/],
  ['mysql://root@localhost/performance_schema', 'database', /SQL server itself/],
  ['mysql://root@localhost/sys', 'database', /SQL server itself/],
])('%s is refused by its %s', async (url, setting, message) => {
  const error = await openAppliedStore(url).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ kind: 'store-misconfigured', setting });
  expect((error as Error).message).toMatch(message);
});

test('a database in the URL counts, unless another one is named: then neither is ignored', async () => {
  const error = await openMysqlStore({ url: `${server.url}/other`, database: 'mas' }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ kind: 'store-misconfigured', setting: 'database', message: expect.stringMatching(/"other".*"mas"/) as string });
  await expect(openMysqlStore({ url: server.url, database: 'sys' })).rejects.toMatchObject({ setting: 'database' });
  for (const options of [{ url: `${server.url}/named_by_url` }, { url: `${server.url}/named_by_url`, database: 'named_by_url' }]) {
    const store = await openMysqlStore(options);
    await store.migrate();
    await store.close();
  }
  expect(await direct.value(`select count(*) from information_schema.tables where table_schema='named_by_url' and table_name='account'`)).toBe(1);
});

test('too many connections are called that, of the server and of a user', async () => {
  await direct.run('create database crowded');
  await direct.run(`create user crowd@'127.0.0.1' with max_user_connections 1`);
  await direct.run(`grant all on crowded.* to crowd@'127.0.0.1'`);
  const url = `mysql://crowd@127.0.0.1:${server.port}/crowded`;
  const only = createConnection({ host: '127.0.0.1', port: server.port, user: 'crowd' });
  await new Promise<void>((resolve, reject) => only.connect((error) => (error === null ? resolve() : reject(error))));
  await expect(openAppliedStore(url)).rejects.toMatchObject({ kind: 'store-unavailable', message: expect.stringMatching(/no further connection/) as string });
  only.destroy();
  const before = String(await direct.value('select @@global.max_connections'));
  // The least there can be: who has more rights gets one more than the others.
  await direct.run('set global max_connections=10');
  const crowd = Array.from({ length: 12 }, () => createConnection({ host: '127.0.0.1', port: server.port, user: 'root' }));
  const settled = await Promise.all(
    crowd.map((each) => new Promise<boolean>((resolve) => each.on('error', () => undefined).connect((error) => resolve(error === null)))),
  );
  expect(settled).toContain(false);
  await expect(openAppliedStore(url)).rejects.toMatchObject({
    kind: 'store-unavailable',
    message: expect.stringMatching(/too many connections.*max_connections/) as string,
  });
  for (const each of crowd) each.destroy();
  await direct.run(`set global max_connections=${before}`);
});

test('what a session cannot set is refused by name: a log of statements, upper case that the server does not keep', async () => {
  const unfit = await startMariaDb({ extraArgs: ['--lower-case-table-names=1', '--log-bin', '--binlog-format=STATEMENT'] });
  await expect(openMysqlStore({ url: unfit.url, database: 'mas' })).rejects.toMatchObject({
    kind: 'store-misconfigured',
    setting: 'server',
    message: expect.stringContaining('binlog_format') as string,
  });
  const root = await DirectSql.connect(unfit.port);
  await root.run('set global binlog_format=MIXED');
  await expect(openMysqlStore({ url: unfit.url, database: 'Mas' })).rejects.toMatchObject({
    kind: 'store-misconfigured',
    setting: 'database',
    message: expect.stringContaining('"mas"') as string,
  });
  await (await openMysqlStore({ url: unfit.url, database: 'mas' })).close();
  await root.run('set global max_allowed_packet=1048576');
  await expect(openMysqlStore({ url: unfit.url, database: 'mas' })).rejects.toMatchObject({
    kind: 'store-misconfigured',
    setting: 'server',
    message: expect.stringContaining('max_allowed_packet') as string,
  });
  root.close();
  await unfit.stop();
});

test('a wrong password, and a user without rights, are told apart; no password shows', async () => {
  await direct.run(`create user walker@'127.0.0.1' identified by 'right-secret'`);
  const wrong = await openAppliedStore(`mysql://walker:wrong-secret@127.0.0.1:${server.port}/mas_w`).catch((caught: unknown) => caught);
  expect(wrong).toMatchObject({ kind: 'store-misconfigured', setting: 'credentials', message: expect.stringContaining('"walker"') as string });
  expect(String(wrong)).not.toContain('wrong-secret');
  const noRights = await openAppliedStore(`mysql://walker:right-secret@127.0.0.1:${server.port}/mas_w`).catch((caught: unknown) => caught);
  expect(noRights).toMatchObject({ kind: 'store-misconfigured', setting: 'database', message: expect.stringContaining('grant all on mas_w.*') as string });
});

test('nobody listens: unavailable, with the address; an unknown host: misconfigured', async () => {
  const port = await freePort();
  await expect(openAppliedStore(`mysql://root@127.0.0.1:${port}/d`)).rejects.toMatchObject({
    kind: 'store-unavailable',
    message: expect.stringContaining(`127.0.0.1:${port}`) as string,
  });
  await expect(openAppliedStore(`mysql://root@no-such-host.invalid/d`)).rejects.toMatchObject({
    kind: expect.stringMatching(/misconfigured|unavailable/) as string,
  });
});

test('a database that is expected to be there is not created before the tables are', async () => {
  const exists = async (): Promise<boolean> =>
    (await direct.run("select schema_name from information_schema.schemata where schema_name='mas_expected'")).length > 0;
  const store = await openMysqlStore({ url: `mysql://root@127.0.0.1:${server.port}`, database: 'mas_expected', createsDatabase: false });
  expect([await store.ownership(), await exists()]).toEqual([{ kind: 'empty' }, false]);
  await store.migrate();
  expect([await store.ownership(), await exists()]).toEqual([{ kind: 'empty' }, true]);
  await store.close();
});

test('the database is created; a server that does not sync its commits is warned about', async () => {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (_: LogFacts, message: string) => void warnings.push(message) };
  const store = await openMysqlStore({ url: server.url, database: 'made_here' }, logger);
  await store.migrate();
  expect(await store.buckets()).toEqual([]);
  await store.close();
  expect(warnings).toEqual([expect.stringContaining('innodb_flush_log_at_trx_commit=1')]);
});

test('somebody who looks on sees the rows, and the writer stays the writer', async () => {
  const [writing, looking] = [
    await openMysqlStore({ url: server.url, database: 'looked_at' }),
    await openMysqlStore({ url: server.url, database: 'looked_at' }),
  ];
  await writing.migrate();
  const { store } = await writing.openBucket(bucketId(1));
  await store.checkpoint(batch(bucketId(1), { applied: position(5), accounts: [account('seen')] }));
  const reader = await looking.inspect(bucketId(1));
  const chunks = await allChunks(reader);
  await reader.close();
  expect([reader.checkpoint.applied.index, chunks.map((chunk) => [chunk.kind, chunk.rows.length])]).toEqual([5, [['accounts', 1]]]);
  await store.checkpoint(batch(bucketId(1), { previous: position(5), applied: position(6), accounts: [account('also')] }));
  await expect(looking.inspect(bucketId(2))).rejects.toThrow('meta row of bucket 2');
  await Promise.all([writing.close(), looking.close()]);
});

test('four processes migrate one fresh database at once', async () => {
  const stores = await Promise.all([1, 2, 3, 4].map(() => openMysqlStore({ url: server.url, database: 'together' })));
  await Promise.all(stores.map((store) => store.migrate()));
  await Promise.all(stores.map((store, n) => store.openBucket(bucketId(n + 1))));
  expect(await stores[0]?.buckets()).toEqual([1, 2, 3, 4]);
  await Promise.all(stores.map((store) => store.close()));
});

test('a migration that died half-way is completed by the next; tables of a newer version are refused', async () => {
  const open = () => openMysqlStore({ url: server.url, database: 'half_way' });
  const first = await open();
  await first.migrate();
  await first.close();
  await direct.run('drop table half_way.outcome, half_way.bucket_meta');
  await direct.run('delete from half_way.kysely_migration');
  const second = await open();
  await second.migrate();
  await second.openBucket(bucketId(1));
  await direct.run(`insert into half_way.kysely_migration values ('9999-future', now())`);
  await expect(second.migrate()).rejects.toMatchObject({ kind: 'store-misconfigured', setting: 'schema' });
  await second.close();
});

test('rows of the schema before bodies had a column are read as they were meant, and take the column when they are written next', async () => {
  const store = await openMysqlStore({ url: server.url, database: 'schema_4' });
  await store.migrate();
  await (await store.openBucket(bucketId(1))).store.checkpoint(batch(bucketId(1)));
  for (const statement of backToSchema4('schema_4.')) await direct.run(statement);
  await store.migrate();
  await readsAndRewrites(store);
  const withBody = async (table: string, key: string): Promise<unknown> =>
    (await direct.run(`select cast(${key} as char) k from schema_4.${table} where body is not null and detail like '[2,%' order by k`)).map(
      (row) => row['k'] as unknown,
    );
  expect([await withBody('payment', 'seq'), await withBody('outcome', 'id')]).toEqual([['4098', '5000'], ['x']]);
  await store.close();
});

test("an owner's column of the first version is widened", async () => {
  const store = await openMysqlStore({ url: server.url, database: 'wide_owner' });
  await store.migrate();
  await direct.run('alter table wide_owner.account modify owner varbinary(512) not null');
  await direct.run(`delete from wide_owner.kysely_migration where name >= '0003'`);
  await store.migrate();
  const [column] = await direct.run(
    `select character_maximum_length as bytes from information_schema.columns where table_schema = 'wide_owner' and table_name = 'account' and column_name = 'owner'`,
  );
  expect(Number(column?.['bytes'])).toBe(768);
  await store.close();
});

test('lookups read rows by key only, however many there are', async () => {
  const store = await openMysqlStore({ url: server.url, database: 'by_key', connections: 1 });
  await store.migrate();
  const { store: bucket } = await store.openBucket(bucketId(1));
  const rows = manyRows(3_000);
  await bucket.checkpoint(batch(bucketId(1), rows));
  const request = {
    accounts: rows.accounts.slice(0, 700).map((row) => row.number),
    legs: rows.legs.slice(0, 700).map((row) => ({
      account: row.account,
      txn: row.txn,
      seqRanges: [
        { from: 0, to: row.seq },
        { from: row.seq + 1, to: 2 ** 50 },
      ],
    })),
    outcomes: rows.outcomes.slice(0, 700).map((row) => row.key),
  };
  await bucket.load(request);
  const scanned = async (): Promise<number> => Number((await direct.run(`show global status like 'Handler_read_rnd_next'`))[0]?.['Value']);
  const rowsRead = async (): Promise<number> => Number((await direct.run(`show global status like 'Handler_read_next'`))[0]?.['Value']);
  // Asking for the status scans a table of the server's own: twice, to know how much.
  const [first, second] = [await scanned(), await scanned()];
  const readBefore = await rowsRead();
  await bucket.load(request);
  const readAfter = await rowsRead();
  expect((await scanned()) - second).toBeLessThan(4 * (second - first) + 50);
  expect(readAfter - readBefore).toBeLessThan(3 * 700 + 100);
  await store.close();
});

test('rows of replaced, abandoned and dropped generations are removed in the background', async () => {
  const store = await openMysqlStore({ url: server.url, database: 'swept' });
  await store.migrate();
  const { store: bucket } = await store.openBucket(bucketId(1));
  await bucket.checkpoint(batch(bucketId(1), manyRows(2_500)));
  const abandoned = await bucket.beginInstall({ applied: position(20), confState: null, meta: null, blob: null });
  await abandoned.write({ kind: 'accounts', rows: manyRows(10).accounts });
  await abandoned.abandon();
  const install = await bucket.beginInstall({ applied: position(30), confState: null, meta: null, blob: null });
  await install.write({ kind: 'accounts', rows: [account('kept')] });
  await install.write({ kind: 'outcomes', rows: [outcome(key('kept', 'x'))] });
  await store.swept();
  expect(await direct.value('select count(*) from swept.account')).toBe(2_501);
  await install.finish();
  await store.swept();
  expect(await direct.value('select count(*) from swept.account')).toBe(1);
  expect(await direct.value('select count(*) from swept.payment')).toBe(0);
  expect(await direct.value('select count(*) from swept.outcome')).toBe(1);
  expect((await bucket.load({ accounts: [accountNumber('kept')], legs: [], outcomes: [] })).accounts).toEqual([account('kept')]);
  await store.dropBucket(bucketId(1));
  await store.swept();
  expect(await direct.value('select (select count(*) from swept.account) + (select count(*) from swept.outcome)')).toBe(0);
  await store.close();
});

test('a read that waits for a connection has not begun, and nobody stands still for it', async () => {
  const store = await openMysqlStore({ url: server.url, database: 'mas_two_reads', bulkConnections: 2 });
  await store.migrate();
  const { store: bucket } = await store.openBucket(bucketId(1));
  await bucket.checkpoint(batch(bucketId(1), { accounts: [account('abc')] }));
  const readers = [await bucket.readSnapshot(), await bucket.readSnapshot()];
  let isTold = false;
  const third = bucket.readSnapshot(() => {
    isTold = true;
    return Promise.resolve();
  });
  // Others are served meanwhile.
  await bucket.checkpoint(batch(bucketId(1), { previous: position(10), applied: position(11), accounts: [account('abc', { balanceMinor: 7n })] }));
  expect(isTold).toBe(false);
  await readers[0]?.close();
  const reader = await third;
  expect([isTold, reader.checkpoint.applied]).toEqual([true, position(11)]);
  await Promise.all([reader.close(), readers[1]?.close()]);
  await store.close();
});
