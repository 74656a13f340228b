/**
 * Rows that travel as a file. LOCAL makes the server forgive: it shortens, converts and skips, and says so in warnings only.
 * Each of these must stop a checkpoint as loudly as an error would. And the setting may change under a running process.
 */
import { startMariaDb, type TestServer } from '@mas/test-servers';
import { createConnection, type Connection } from 'mysql2';
import { accountNumber, bucketId, InvariantViolation, type LogFacts } from '@mas/values';
import { account, batch, leg, manyRows, position } from '@mas/testkit/applied-store';
import { openMysqlStore } from '../open-store';
import { LocalRows } from '../rows/load-lines';
import { DirectSql } from '../testing/direct-sql';
import { LocalLoading, loadWithin } from './local-load';

const B = bucketId(1);
const ABC = { accounts: [accountNumber('abc')], legs: [], outcomes: [] };
const TIMEOUT_MS = 10_000;
const LOAD = `load data local infile '/etc/passwd' replace into table t character set binary fields terminated by '\\t' escaped by '\\\\' lines terminated by '\\n' (k, v)`;
let server: TestServer;
let direct: DirectSql;
let raw: Connection;
beforeAll(async () => {
  server = await startMariaDb();
  direct = await DirectSql.connect(server.port);
  await direct.run('create database plain');
  await direct.run('create table plain.t (k int primary key, v varbinary(4) not null)');
  raw = createConnection({ host: '127.0.0.1', port: server.port, user: 'root', database: 'plain' });
});
afterAll(async () => {
  raw.destroy();
  direct.close();
  await server.stop();
});

function load(text: string, rowCount: number): Promise<unknown> {
  const loading = new LocalLoading(true, () => undefined);
  return new Promise((resolve, reject) =>
    loadWithin(raw, TIMEOUT_MS, LOAD, new LocalRows(Buffer.from(text), rowCount), loading, (error, result) =>
      error === null ? resolve(result) : reject(error as Error),
    ),
  );
}

/** LOAD DATA statements that the server has seen. */
async function loads(): Promise<number> {
  return Number((await direct.run(`show global status like 'Com_load'`))[0]?.['Value']);
}

async function session(setting: string): Promise<void> {
  await new Promise<void>((resolve, reject) => raw.query(setting, (error) => (error === null ? resolve() : reject(error))));
}

test('new rows, changed rows and the same rows again are taken; the file that is asked for is not what is sent', async () => {
  await load('1\ta\n2\tb\n', 2);
  await load('2\tc\n3\td\n1\ta\n', 3);
  expect((await direct.run('select * from plain.t order by k')).map((row) => `${row['k']}${String(row['v'])}`)).toEqual(['1a', '2c', '3d']);
});

describe.each([
  ['a server that forgives', `set session sql_mode=''`],
  ['a strict server', `set session sql_mode='STRICT_ALL_TABLES'`],
])('%s', (_, mode) => {
  beforeAll(() => session(mode));

  test.each([
    ['a text that is too long', '1\tabcde\n', 1],
    ['no number', 'x\ta\n', 1],
    ['a value that is missing', '1\n', 1],
    ['a value too many', '1\ta\tb\n', 1],
    ['nothing where there must be something', '1\t\\N\n', 1],
  ])('%s is refused', async (_what, text, rowCount) => {
    await expect(load(text, rowCount)).rejects.toThrow();
  });

  test('a row too few, a row too many', async () => {
    await expect(load('7\ta\n', 2)).rejects.toThrow(InvariantViolation);
    await expect(load('7\ta\n8\ta\n', 1)).rejects.toThrow(InvariantViolation);
  });
});

test('without strict mode the refusal is ours, and repeats what the server says', async () => {
  await session(`set session sql_mode=''`);
  await expect(load('1\tabcde\n', 1)).rejects.toThrow(/takes every row as it is given.*Data truncated for column/);
});

test('a checkpoint with a row that does not fit leaves no trace', async () => {
  const store = await openMysqlStore({ url: server.url, database: 'narrow' });
  await store.migrate();
  const { store: bucket } = await store.openBucket(B);
  await bucket.checkpoint(batch(B, { accounts: [account('abc')] }));
  await direct.run('alter table narrow.payment modify id varbinary(5) not null');
  const wrong = batch(B, { previous: position(10), applied: position(11), accounts: [account('abc', { balanceMinor: 7n })], legs: [leg('abc', 5)] });
  await expect(bucket.checkpoint(wrong)).rejects.toThrow();
  expect((await bucket.load(ABC)).accounts).toEqual([account('abc')]);
  expect((await store.openBucket(B)).checkpoint.applied).toEqual(position(10));
  await store.close();
});

test('rows travel as a file while the server lets them; once it does not, the same checkpoint goes through in INSERTs', async () => {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const logger = { debug: ignore, info: ignore, error: ignore, warn: (_: LogFacts, message: string) => void warnings.push(message) };
  const store = await openMysqlStore({ url: server.url, database: 'changing' }, logger);
  await store.migrate();
  const { store: bucket } = await store.openBucket(B);
  const before = await loads();
  await bucket.checkpoint(batch(B, manyRows(10)));
  expect(await loads()).toBe(before + 3);
  warnings.length = 0;
  await direct.run('set global local_infile=0');
  await bucket.checkpoint(batch(B, { previous: position(10), applied: position(11), ...manyRows(20) }));
  await bucket.checkpoint(batch(B, { previous: position(11), applied: position(12), ...manyRows(30) }));
  expect(await direct.value('select count(*) from changing.account')).toBe(30);
  expect(warnings).toEqual([expect.stringContaining('no longer takes rows as a file')]);
  const later = await openMysqlStore({ url: server.url, database: 'changing' });
  const { store: again } = await later.openBucket(B);
  await again.checkpoint(batch(B, { previous: position(12), applied: position(13), ...manyRows(40) }));
  expect(await direct.value('select count(*) from changing.account')).toBe(40);
  await direct.run('set global local_infile=1');
  await Promise.all([store.close(), later.close()]);
});

test('a user with no rights beyond its own database may send rows as a file', async () => {
  await direct.run(`create user clerk@'127.0.0.1' identified by 'secret'`);
  await direct.run(`create database clerks`);
  await direct.run(`grant all on clerks.* to clerk@'127.0.0.1'`);
  const store = await openMysqlStore({ url: `mysql://clerk:secret@127.0.0.1:${server.port}/clerks` });
  await store.migrate();
  const { store: bucket } = await store.openBucket(B);
  const before = await loads();
  await bucket.checkpoint(batch(B, manyRows(10)));
  expect(await loads()).toBe(before + 3);
  expect(await direct.value('select count(*) from clerks.account')).toBe(10);
  await store.close();
});
