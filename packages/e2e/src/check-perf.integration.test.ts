/** `mas check perf` against real servers: it measures each, leaves nothing behind, and says in one line what it cannot reach. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startMariaDb, startRedis, tempFolder, type TempFolder, type TestServer } from '@mas/test-servers';
import { createConnection } from 'mysql2/promise';
import { run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';

let folder: TempFolder;
let sql: TestServer;
let redis: TestServer;

beforeAll(async () => {
  [folder, sql, redis] = await Promise.all([tempFolder('mas-check'), startMariaDb(), startRedis()]);
});

afterAll(() => Promise.all([sql?.stop(), redis?.stop(), folder?.remove()]));

const check = (...args: readonly string[]): Promise<Ran> =>
  run(process.execPath, [join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js'), 'check', 'perf', '--seconds', '1', '--folder', folder.path, ...args]);

test('disk, core, Redis and SQL have their figures, and nothing is left', async () => {
  const ran = await check('--redis', redis.url, '--sql', sql.url, '--db', 'mysql', '--json');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const { cores, measures } = JSON.parse(ran.stdout) as {
    readonly cores: number;
    readonly measures: readonly { readonly what: string; readonly perSecond: number; readonly p50Ms: number }[];
  };
  expect(cores).toBeGreaterThan(0);
  expect(measures.map(({ what }) => what.split(/[: ]/)[0])).toEqual(['a', 'SHA-256', 'Redis', 'SQL', 'SQL']);
  for (const { perSecond, p50Ms } of measures) expect([perSecond > 0, p50Ms > 0]).toEqual([true, true]);
  expect(readdirSync(folder.path)).toEqual([]);
  const connection = await createConnection(sql.url);
  const [tables] = await connection.query("select * from information_schema.tables where table_name like 'mas_check%'");
  connection.destroy();
  expect(tables).toEqual([]);
});

test('for people: a table, and what the disk means for a payment', async () => {
  const ran = await check();
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(ran.stdout).toMatch(/made durable[^]*answered after 2 durable writes in a row/);
});

test('what is wrong or away is one line: exit 2', async () => {
  const away = await freePort();
  for (const args of [
    ['--redis', `redis://127.0.0.1:${away}`],
    ['--redis', 'embedded'],
    ['--sql', `mysql://root@127.0.0.1:${away}`, '--db', 'x'],
    ['--sql', sql.url],
    ['--sql', sql.url, '--db', 'none'],
    ['--seconds', '0'],
    ['--folder', join(folder.path, 'none')],
  ])
    expect(await check(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^mas: [^\n]+\n$/) as unknown });
});
