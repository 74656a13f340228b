/**
 * mas-client between a person, a terminal and other programs: what is printed can be given back, what others have stored cannot steer
 * a terminal, secrets are not shown, and a committed payment is never reported as a failure because its answer found no reader.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { masClient, run, type Ran } from './harness/command';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { Bank } from './testing/bank';

const CLIENT = `${process.execPath} ${join(REPOSITORY_ROOT, 'packages/bin/dist/mas-client.js')}`;
const HOSTILE = '\u001b[2J\rmallory\u202e\u009b31m';

let cluster: Cluster;
let bank: Bank;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  cluster = await Cluster.start();
  bank = new Bank(cluster);
  environment = { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() };
  await bank.open(['abc', 'def', 'ghi']);
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

const client = (...args: readonly string[]): Promise<Ran> => masClient(args, environment);
/** A line of bash, in which mas-client is the client. */
const shell = (line: string): Promise<Ran> => run('bash', ['-c', `mas-client() { ${CLIENT} "$@"; }; ${line}`], environment);
const cells = (ran: Ran): string => ran.stdout.replace(/[│┌┬┐├┼┤└┴┘─]+/g, ' ').replace(/ +/g, ' ');
const stateOf = async (id: string): Promise<string> => (await bank.client.getPayment({ id })).state;

describe('an answer that nobody takes', () => {
  test('a reader that has gone: the exit code is the payment\u2019s, and nothing is said', async () => {
    const ran = await shell('mas-client payment create --from abc --to def --amount 1 --id gone-reader | true; echo "code ${PIPESTATUS[0]}"');
    expect(ran).toEqual({ code: 0, stdout: 'code 0\n', stderr: '' });
    expect(await stateOf('gone-reader')).toBe('COMMITTED');
  });

  test.each(['account list', 'cluster status', '--help', 'payment list abc --json'])('%s, into a pipe that is closed: no stack', async (command) => {
    expect(await shell(`mas-client ${command} | true; echo "code \${PIPESTATUS[0]}"`)).toEqual({ code: 0, stdout: 'code 0\n', stderr: '' });
  });

  test('a full disk: exit 12, with the answer', async () => {
    const ran = await shell('mas-client payment create --from abc --to def --amount 1 --id full-disk > /dev/full');
    expect(ran).toEqual({
      code: 12,
      stdout: '',
      stderr: expect.stringMatching(/^mas-client: done, but the answer cannot be written \(ENOSPC\): COMMITTED full-disk at [^\n]+\n$/) as unknown,
    });
    expect(await stateOf('full-disk')).toBe('COMMITTED');
    const json = await shell('mas-client --json payment create --from abc --to def --amount 1 --id full-disk > /dev/full');
    expect([json.code, JSON.parse(json.stderr)]).toMatchObject([
      12,
      { error: { reason: 'ANSWER_LOST', answer: expect.stringContaining('"state":"COMMITTED"') as unknown } },
    ]);
  });

  test('a refusal whose line cannot be written is still told by its exit code', async () => {
    expect(await shell('mas-client payment create --from abc --to def --amount 100000 2> /dev/full')).toEqual({ code: 6, stdout: '', stderr: '' });
  });
});

test('times are in UTC, say so, and can be given back', async () => {
  for (const id of ['time-1', 'time-2']) expect((await client('payment', 'create', '--from', 'ghi', '--to', 'abc', '--amount', '1', '--id', id)).code).toBe(0);
  const listed = await client('payment', 'list', '--number', 'ghi', '--oldest-first');
  const [first = '', second = ''] = [...listed.stdout.matchAll(/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g)].map(([text]) => text);
  expect(Math.abs(Date.now() - Date.parse(second))).toBeLessThan(600_000);
  const idsWith = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await client('payment', 'list', 'ghi', ...args);
    return ['time-1', 'time-2'].filter((id) => stdout.includes(id));
  };
  expect(await idsWith('--from', first)).toEqual(['time-1', 'time-2']);
  expect(await idsWith('--from', second)).toEqual(['time-2']);
  expect(await idsWith('--until', second)).toEqual(['time-1']);
  expect(await idsWith('--until', first)).toEqual([]);
  for (const [flag, text] of [
    ['--from', '2026-02-30'],
    ['--until', '5'],
    ['--from', 'Jan 5'],
  ] as const)
    expect(await client('payment', 'list', 'ghi', flag, text)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^mas-client: ${flag} is "${text}"[^\\n]*RFC 3339[^\\n]*\\n$`)) as unknown,
    });
});

test('what somebody has stored does not steer the terminal of who looks at it, and is the same with --json', async () => {
  await bank.client.createAccount({ id: 'open-hostile', number: 'hostile', owner: HOSTILE });
  const shown = await client('account', 'get', 'hostile');
  expect(shown.code).toBe(0);
  expect(shown.stdout).toContain('\\x1b[2J\\x0dmallory\\u{202e}\\x9b31m');
  expect(shown.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  const json = await client('account', 'get', 'hostile', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ owner: HOSTILE });
  expect(json.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
});

describe('a secret', () => {
  test('a token with an end of line works, and a key in its place is neither sent nor shown', async () => {
    expect(await masClient(['account', 'get', 'abc'], { ...environment, MAS_TOKEN: `${cluster.operatorToken()}\r\n` })).toMatchObject({ code: 0, stderr: '' });
    const key = join(cluster.certs(), 'jwt-hs256-1.key');
    const secret = readFileSync(key, 'utf8').trim();
    for (const token of [key, secret, `${secret}\n${secret}`]) {
      const ran = await client('account', 'get', 'abc', '--token', token);
      expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^mas-client: [^\n]*--token[^\n]*\n$/) as unknown });
      expect(ran.stderr).not.toContain(secret.slice(0, 12));
    }
  });

  test('an account\u2019s own token is shown only where it is asked for', async () => {
    for (const ran of [
      await client('account', 'create', 'quiet'),
      await client('account', 'create', '--number', 'quiet', '--json'),
      await client('--createAcc', '--number', 'quiet-2', '--balance', '0'),
    ]) {
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).not.toMatch(/eyJ/);
    }
    const file = join(cluster.certs(), 'quiet.jwt');
    writeFileSync(file, 'an old one', { mode: 0o644 });
    const asked = await client('account', 'create', 'quiet', '--show-token', '--token-out', file);
    const token = /token \(until \d{4}-\d{2}-\d{2}T[\d:.]+Z\): (eyJ\S+)/.exec(asked.stdout)?.[1];
    expect(readFileSync(file, 'utf8')).toMatch(/^eyJ\S+\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await client('account', 'get', 'quiet', '--token', file)).toMatchObject({ code: 0, stderr: '' });
    expect(await client('account', 'get', 'quiet', '--token', token ?? '')).toMatchObject({ code: 0, stderr: '' });
    expect(await client('account', 'create', 'never', '--token-out', '/nowhere/token')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing was created') as unknown,
    });
    expect((await client('account', 'get', 'never')).code).toBe(4);
  });
});

test('what authorizations hold is in what account get shows', async () => {
  await bank.client.createAccount({ id: 'open-held', number: 'held', openingBalance: { decimal: '20' } });
  expect((await client('payment', 'authorize', '--from', 'held', '--amount', '7.50')).code).toBe(0);
  expect(cells(await client('account', 'get', 'held'))).toMatch(/number balance minimum held [^]*held 20\.00 USD 0\.00 USD 7\.50 USD/);
  expect(JSON.parse((await client('account', 'get', '--number', 'held', '--json')).stdout)).toMatchObject({ balanceMinor: '2000', holdsMinor: '750' });
});

test('a payment shows what all of its accounts have; to a token of one of them, only that one\u2019s', async () => {
  for (const number of ['p1', 'p2', 'p3']) await bank.client.createAccount({ id: `open-${number}`, number, openingBalance: { decimal: '10' } });
  const paid = await client('payment', 'create', '--debit', 'p1=3', '--credit', 'p2=1', '--credit', 'p3=2');
  expect(paid.stdout).toMatch(/: p1 now has 7\.00 USD, p2 now has 11\.00 USD, p3 now has 12\.00 USD\n$/);
  const json = JSON.parse((await client('payment', 'create', '--from', 'p1', '--to', 'p3', '--amount', '1', '--json')).stdout) as object;
  expect(json).toMatchObject({
    balancesNow: [
      { account: 'p1', balanceMinor: '600', currency: 'USD' },
      { account: 'p3', balanceMinor: '1300', currency: 'USD' },
    ],
  });
  const own = await client('payment', 'create', '--from', 'p1', '--to', 'p2', '--amount', '1', '--token', cluster.accountToken('p1'));
  expect(own.stdout).toMatch(/: p1 now has 5\.00 USD\n$/);
});

test('an account that is none is the account\u2019s fault, not that of the id made from it', async () => {
  for (const args of [
    ['payment', 'create', '--from', 'a b', '--to', 'def', '--amount', '1'],
    ['account', 'create', 'a b'],
    ['payment', 'create', '--debit', 'a b=1', '--credit', 'def=1'],
  ]) {
    expect(await client(...args)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^mas-client: (--from|the account|--debit) is "a b"; an account number has letters, digits and [^\n]*\n$/) as unknown,
    });
  }
});

describe('where the cluster is', () => {
  test('an address in place of a name, without a warning; an IPv6 address in brackets', async () => {
    const port = cluster.addresses()[0]?.split(':')[1] ?? '';
    expect(await client('account', 'get', 'abc', '--tc', `127.0.0.1:${port}`)).toMatchObject({ code: 0, stderr: '' });
    // `localhost` may be the IPv4 address alone: then it is heard that nobody listens there, and not that this is no address.
    const six = await client('account', 'get', 'abc', '--tc', `[::1]:${port}`, '--timeout', '3000');
    expect([six.code, six.stderr]).toEqual(six.code === 0 ? [0, ''] : [7, expect.stringContaining('[::1]')]);
  });

  test('an empty variable is not set', async () => {
    const away = { MAS_TC: '', MAS_TOKEN: '', MAS_TIMEOUT: '', MAS_CONTEXT: '' };
    const flags = ['--tc', cluster.addresses().join(','), '--token', cluster.operatorToken()];
    expect(await masClient(['account', 'get', 'abc', ...flags], { ...environment, ...away })).toMatchObject({ code: 0, stderr: '' });
  });
});

test('--json is kept for what commander refuses', async () => {
  for (const args of [
    ['--json', 'payment', 'create', '--frmo', 'x'],
    ['acount', '--json'],
    ['payment', 'get', '--json'],
  ]) {
    const ran = await client(...args);
    expect([ran.code, ran.stdout, JSON.parse(ran.stderr)]).toEqual([2, '', { error: { reason: 'USAGE', message: expect.any(String) as unknown } }]);
  }
});

test.each(['mas-client', 'mas'])('%s --version', async (program) => {
  expect(await run(process.execPath, [join(REPOSITORY_ROOT, `packages/bin/dist/${program}.js`), '--version'])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Mini Account System \d+\.\d+\.\d+ \(Node \d+[\d.]+\)\n$/) as unknown,
    stderr: '',
  });
});
