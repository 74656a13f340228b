/** A file of payments on a real cluster: its program is killed in the middle and started again, and every payment of it is made once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MasClient } from '@mas/client';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { masClient, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { numberIn } from './harness/names';
import { Bank } from './testing/bank';

const PAYMENTS = 20_000;
const OPENING_MINOR = 10_000_000n;

let cluster: Cluster;
let client: MasClient;
let folder: TempFolder;
let accounts: readonly string[];

beforeAll(async () => {
  cluster = await Cluster.start();
  client = cluster.client();
  folder = await tempFolder('mas-payment-file');
  accounts = [1, 2, 3].map((bucket) => numberIn(cluster.placement, bucket, 'f'));
  await new Bank(cluster, client).open(accounts, OPENING_MINOR);
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
  await folder?.remove();
});

function environment(): Readonly<Record<string, string>> {
  return { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() };
}

function written(name: string, rows: readonly (readonly (string | undefined)[])[]): string {
  const path = join(folder.path, name);
  writeFileSync(path, ['from,to,amount,memo', ...rows.map(([from, to, amount, memo = '']) => [from, to, amount, memo].join(','))].join('\n'));
  return path;
}

const pay = (file: string, ...more: readonly string[]): Promise<Ran> => masClient(['payment', 'create', '--file', file, ...more], environment());
const lines = (path: string): number => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 2 : 0);
const balances = async (): Promise<readonly bigint[]> => (await client.getAccounts(accounts)).map(({ balanceMinor }) => balanceMinor);

test('killed in the middle, started again: each payment is made once, and each has its line', async () => {
  const rows = Array.from({ length: PAYMENTS }, (_, at) => [accounts[at % 3], accounts[at % 2 === 0 ? (at + 1) % 3 : (at + 2) % 3], '0.01', `no ${at}`]);
  const [file, results] = [written('many.csv', rows), join(folder.path, 'many.results.csv')];
  const before = await balances();
  const program = spawn(process.execPath, [join(REPOSITORY_ROOT, 'packages/bin/dist/mas-client.js'), 'payment', 'create', '--file', file], {
    env: { ...process.env, ...environment() },
    stdio: 'ignore',
  });
  const ended = once(program, 'exit');
  await waitUntil('some of it is paid', () => lines(results) > 400, { timeoutMs: 120_000, intervalMs: 5, diagnostics: () => `${lines(results)} lines` });
  program.kill('SIGKILL');
  await ended;
  const paidBefore = lines(results);
  expect(paidBefore).toBeLessThan(PAYMENTS);
  const ran = await pay(file, '--json');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(ran.stdout)).toMatchObject({ payments: PAYMENTS, answeredBefore: paidBefore, committed: PAYMENTS, unknown: 0, open: 0 });
  const moved = rows.reduce(
    (sums, [from, to]) => sums.map((sum, at) => sum + (accounts[at] === to ? 1n : 0n) - (accounts[at] === from ? 1n : 0n)),
    [0n, 0n, 0n],
  );
  expect(await balances()).toEqual(before.map((balance, at) => balance + (moved[at] ?? 0n)));
  const told = readFileSync(results, 'utf8').trimEnd().split('\n').slice(1);
  expect(told.map((line) => Number(line.split(',')[0]))).toEqual(rows.map((_, at) => at + 2));
  expect(told.every((line) => line.split(',')[5] === 'COMMITTED')).toBe(true);
  // Once more asks for nothing.
  expect((await pay(file)).stdout).toContain(`(${PAYMENTS} of them by an earlier run)`);
  expect(await balances()).toEqual(before.map((balance, at) => balance + (moved[at] ?? 0n)));
});

test('one that cannot be made fails alone, with its reason in its line, for good: exit 6', async () => {
  const [from, to] = accounts;
  const file = written('some.csv', [
    [from, to, '1'],
    [from, 'nobody', '1'],
    [from, to, '99999999'],
    [to, from, '1'],
  ]);
  const before = await balances();
  const [first, second] = [await pay(file), await pay(file)];
  for (const ran of [first, second])
    expect(ran).toMatchObject({
      code: 6,
      stdout: '',
      stderr: expect.stringMatching(/^mas-client: PAYMENTS_NOT_MADE: 2 of 4 committed[^\n]*some\.results\.csv\n$/) as unknown,
    });
  const told = readFileSync(join(folder.path, 'some.results.csv'), 'utf8').trimEnd().split('\n');
  expect(told.map((line) => line.split(',')[5])).toEqual(['state', 'COMMITTED', 'ABORTED', 'ABORTED', 'COMMITTED']);
  expect([told[2], told[3]]).toEqual([expect.stringContaining('ACCOUNT_NOT_FOUND'), expect.stringContaining('INSUFFICIENT_FUNDS')]);
  expect(await balances()).toEqual(before);
});

test('what is wrong is one line, and nothing is paid', async () => {
  const [from, to] = accounts;
  const before = await balances();
  const file = written('wrong.csv', [
    [from, to, '1'],
    [from, to, 'ten'],
  ]);
  const right = written('right.csv', [[from, to, '1']]);
  for (const ran of [
    await pay(file),
    await pay(join(folder.path, 'none.csv')),
    await pay(right, '--from', 'a'),
    await pay(right, '--memo', ''),
    await pay(right, '--result', right),
    await pay(right, '--result', folder.path),
    await masClient(['payment', 'create', '--result', right], environment()),
  ])
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^mas-client: [^\n]+\n$/) as unknown });
  const silent = await masClient(['payment', 'create', '--file', right], { ...environment(), MAS_TC: 'localhost:1' });
  expect(silent).toMatchObject({ code: 7, stderr: expect.stringMatching(/UNAVAILABLE[^\n]*the same command goes on from there/) as unknown });
  expect(await balances()).toEqual(before);
  expect((await pay(right)).code).toBe(0);
});
