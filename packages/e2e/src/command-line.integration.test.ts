/** mas-client by hand, on real processes: whole lists, values for spreadsheets, a script over one connection, completion in a real shell, and what is watched. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { masClient, run, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { numberIn } from './harness/names';
import { Bank } from './testing/bank';

const PROGRAM = join(REPOSITORY_ROOT, 'packages/bin/dist/mas-client.js');
const PAYMENTS = 7;

let cluster: Cluster;
let accounts: readonly string[];

beforeAll(async () => {
  cluster = await Cluster.start();
  const bank = new Bank(cluster, cluster.client());
  accounts = [1, 2, 3].map((bucket) => numberIn(cluster.placement, bucket, 'hand'));
  await bank.open(accounts);
  for (let paid = 0; paid < PAYMENTS; paid += 1) await bank.pay(accounts[0] ?? '', accounts[1] ?? '', 100n, { memo: '=1+1' });
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

function environment(): Readonly<Record<string, string>> {
  return { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() };
}

const ask = (...args: readonly string[]): Promise<Ran> => masClient(args, environment());
const script = (lines: readonly string[], ...args: readonly string[]): Promise<Ran> =>
  run(
    'bash',
    ['-c', 'program=$1; lines=$2; shift 2; printf "%s\\n" "$lines" | "$0" "$program" repl "$@"', process.execPath, PROGRAM, lines.join('\n'), ...args],
    environment(),
  );

test('--all has every page in one answer; --csv is plain decimals, without formulas', async () => {
  const [from = ''] = accounts;
  const all = await ask('payment', 'list', from, '--limit', '2', '--all', '--json');
  expect(JSON.parse(all.stdout)).toMatchObject({ legs: { length: PAYMENTS }, nextCursor: null });
  const page = await ask('payment', 'list', from, '--limit', '2', '--json');
  expect(JSON.parse(page.stdout)).toMatchObject({ legs: { length: 2 }, nextCursor: expect.any(String) as unknown });
  const csv = (await ask('payment', 'list', from, '--limit', '2', '--all', '--csv')).stdout.trimEnd().split('\n');
  expect(csv).toHaveLength(PAYMENTS + 1);
  expect(csv[1]).toMatch(/,committed,debit,1\.00,93\.00,USD,[^,]+,'=1\+1,,/);
  const listed = (await ask('account', 'list', '--limit', '1', '--all', '--csv')).stdout.trimEnd().split('\n');
  expect(listed[0]).toBe('number,balance,minimum,held,incoming,currency,status,owner,bucket');
  expect(
    listed
      .slice(1)
      .map((line) => line.split(',')[0])
      .sort(),
  ).toEqual([...accounts].sort());
  expect(await ask('account', 'list', '--csv', '--json')).toMatchObject({ code: 2, stdout: '' });
});

test('a script over one connection goes on behind what fails, and ends with the first failure\u2019s code', async () => {
  const [from = '', to = ''] = accounts;
  const good = await script([
    `payment create --from ${from} --to ${to} --amount 1 --memo "two words"`,
    '# a comment',
    '',
    `account get ${to}`,
    'exit',
    'account get nobody',
  ]);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toMatch(/COMMITTED[^]*108\.00 USD/);
  const bad = await script(['account get nobody', 'acount get', 'account get a --tc localhost:1', `account get ${to}`], '--json');
  expect(bad.code).toBe(4);
  expect(bad.stderr).toMatch(/ACCOUNT_NOT_FOUND[^]*unknown command[^]*--tc belongs to the connection/);
  expect(JSON.parse(bad.stdout)).toMatchObject({ number: to });
});

test('bash completes commands and options', async () => {
  const completed = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await ask('complete', '--', ...words)).stdout.split('\n').map((line) => line.split('\t')[0] ?? '');
  expect(await completed('payment', '')).toEqual(expect.arrayContaining(['create', 'refund', 'list']));
  expect(await completed('account', 'list', '--a')).toEqual(['--all', expect.stringMatching(/^:/), '']);
  for (const shell of ['bash', 'zsh']) expect((await ask('complete', shell)).stdout).toContain('mas-client complete --');
  expect((await run('bash', ['-c', '"$0" "$1" complete bash | bash -n', process.execPath, PROGRAM])).code).toBe(0);
});

test('what is watched is shown again, as documents too, and ends when nobody reads it', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'cluster', 'health', '--watch', '1', '--json'], { env: { ...process.env, ...environment() } });
  const ended = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await waitUntil('it was shown three times', () => said.split('\n').length > 3, { timeoutMs: 120_000, intervalMs: 50, diagnostics: () => said });
  for (const line of said.split('\n').slice(0, 3)) expect(JSON.parse(line)).toHaveProperty('verdicts');
  child.stdout.destroy();
  await ended;
});
