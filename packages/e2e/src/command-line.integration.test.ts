/**
 * mas-client against a running cluster, as a person types it: the scenarios of the first two systems, in today's form and
 * in the flags of theirs; for everything that goes wrong one line on stderr and the exit code of its kind.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import { masClient, type Ran } from './harness/command';
import { Cluster } from './harness/cluster';
import { Bank } from './testing/bank';

type Client = (...args: readonly string[]) => Promise<Ran>;

function clientOf(cluster: Cluster): Client {
  const environment = { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() };
  return (...args) => masClient(args, environment);
}

async function json(client: Client, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const ran = await client(...args, '--json');
  if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

/** A table's cells, without its frame. */
function cells(ran: Ran): string {
  return ran.stdout.replace(/[│┌┬┐├┼┤└┴┘─]+/g, ' ').replace(/ +/g, ' ');
}

/** One line on stderr that begins as every other does, and nothing on stdout. */
function expectRefusal(ran: Ran, code: number, text: string | RegExp): void {
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code, stdout: '' });
  expect(ran.stderr).toMatch(/^mas-client: [^\n]+\n$/);
  expect(ran.stderr).toMatch(text);
  // A frame of a stack names a file with line and column; an address (`::1:9`) is none.
  expect(ran.stderr).not.toMatch(/\bat .*\.[cm]?[jt]s:\d+:\d+|SELECT|INSERT/);
}

describe('a cluster as it comes', () => {
  let cluster: Cluster;
  let client: Client;

  beforeAll(async () => {
    cluster = await Cluster.start();
    client = clientOf(cluster);
  });

  afterAll(async () => {
    expect(cluster?.failures() ?? []).toEqual([]);
    await cluster?.stop();
  });

  test('create account "abc", pay, get', async () => {
    const created = await client('account', 'create', '--number', 'abc', '--balance', '100');
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(cells(created)).toMatch(/abc 100\.00 USD/);
    expect((await client('account', 'create', '--number', 'def', '--balance', '1.50')).code).toBe(0);
    const paid = await client('payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '10.50');
    expect(paid).toMatchObject({ code: 0, stderr: '' });
    expect(paid.stdout).toMatch(/COMMITTED/i);
    expect(cells(await client('account', 'get', 'abc', 'def'))).toMatch(/abc 89\.50 USD[^]*def 12\.00 USD/);
    expect((await client('payment', 'list', '--account', 'def')).stdout).toMatch(/credit[^]*10\.50 USD/);
    // Once more under the same id: the same answer, nothing moved twice.
    const first = await json(client, 'payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '1', '--id', 'kept');
    expect(await json(client, 'payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '1', '--id', 'kept')).toEqual(first);
    expect(await json(client, 'account', 'get', 'abc')).toMatchObject({ balanceMinor: '8850' });
  });

  test("the first client's flags", async () => {
    expect((await client('--createAcc', '--number', 'old1', '--balance', '100')).code).toBe(0);
    expect((await client('--createAcc', '--number', 'old2', '--balance', '0')).code).toBe(0);
    expect((await client('--createPmt', '--from', 'old1', '--to', 'old2', '--amount', '25')).code).toBe(0);
    const read = await client('--getAcc', '--number', 'old2');
    expect(read).toMatchObject({ code: 0, stderr: '' });
    expect(cells(read)).toMatch(/old2 25\.00 USD/);
  });

  test("its token and certificate as files, with --token, --cert and --tc, as the first client's", async () => {
    const bank = new Bank(cluster);
    await bank.open(['filed']);
    const token = join(cluster.certs(), 'operator.jwt');
    writeFileSync(token, cluster.operatorToken());
    const ran = await masClient(
      ['--getAcc', '--number', 'filed', '--token', token, '--cert', join(cluster.certs(), 'ca.crt'), '--tc', cluster.addresses()[0] ?? ''],
      {},
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });

  test.each<[string, number, RegExp, readonly string[]]>([
    ['an amount with too many digits', 2, /AMOUNT|digits|decimal/i, ['payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '1.234']],
    ['an amount of zero', 2, /AMOUNT/i, ['payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '0']],
    ['a negative amount', 2, /AMOUNT/i, ['payment', 'create', '--from', 'abc', '--to', 'def', '--amount=-1']],
    ['a payment to oneself', 2, /ACCOUNT_REPEATED|SELF/i, ['payment', 'create', '--from', 'abc', '--to', 'abc', '--amount', '1']],
    ['a flag that does not exist', 2, /unknown option/, ['payment', 'create', '--frmo', 'abc']],
    ['a missing flag', 2, /needed/, ['payment', 'create', '--from', 'abc']],
    ['an account that does not exist', 4, /ACCOUNT_NOT_FOUND/, ['account', 'get', 'nobody']],
    ['a payment that does not exist', 4, /PAYMENT_NOT_FOUND/, ['payment', 'get', 'no-such-id']],
    ['the same number by another request', 5, /ACCOUNT_EXISTS/, ['account', 'create', '--number', 'abc', '--id', 'another']],
    [
      'the same id with another amount',
      5,
      /ID_CONFLICT.*amount|amount.*ID_CONFLICT/,
      ['payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '2', '--id', 'kept'],
    ],
    ['more than there is', 6, /INSUFFICIENT_FUNDS/, ['payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '100000']],
    ['an unknown receiver', 6, /ACCOUNT_NOT_FOUND/, ['payment', 'create', '--from', 'abc', '--to', 'nobody', '--amount', '1']],
    // A busy machine may take long for its first attempt; the patience of 3 s runs from the first refusal.
    [
      'nobody there',
      7,
      /^mas-client: UNAVAILABLE: no Transaction Manager answers at localhost:9: .*ECONNREFUSED/,
      ['account', 'get', 'abc', '--tc', 'localhost:9', '--timeout', '60000'],
    ],
    ['an audit that is given no time', 13, /^mas-client: AUDIT_INCOMPLETE: nothing was compared: [^\n]*--timeout/, ['audit', '--timeout', '1']],
    ['a token that is none', 3, /TOKEN_INVALID/, ['account', 'get', 'abc', '--token', 'a.b.c']],
  ])('%s: exit %i', async (_, code, text, args) => {
    expectRefusal(await client(...args), code, text);
  });

  test('a lock that another owner holds: exit 10', async () => {
    const taken = await json(client, 'lock', 'acquire', 'abc', '--lock-timeout', '600000');
    expect(taken).toHaveProperty('handle');
    expectRefusal(await client('lock', 'acquire', 'abc', '--attempts', '1', '--delay', '1'), 10, /LOCK_/);
    expect((await client('lock', 'release', 'abc', '--handle', String(taken['handle']))).code).toBe(0);
  });

  test('cluster status shows a leader for every bucket; the audit is consistent', async () => {
    const status = await client('cluster', 'status');
    expect(status.code).toBe(0);
    expect(status.stdout.match(/\bleader\b/g)?.length ?? 0).toBeGreaterThanOrEqual(3);
    const audit = await client('audit');
    expect(audit).toMatchObject({ code: 0, stderr: '' });
    expect(audit.stdout).toMatch(/\nconsistent\n$/);
  });

  test('a resolution that an operator forces is obeyed, and recorded, also where all was decided', async () => {
    const paid = await json(client, 'payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '1', '--id', 'forced');
    const resolved = await client('admin', 'resolve', String(paid['txn']), '--account', 'def');
    expect(resolved).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('COMMITTED') as unknown });
    expect(cells(await client('payment', 'trace', 'forced'))).toMatch(/forced RESOLVE by mas\|tester/);
    expectRefusal(await client('admin', 'resolve', 'a'.repeat(64), '--account', 'def'), 4, /PAYMENT_NOT_FOUND/);
  });

  test('a payment has one commit time, whoever asks and in whatever form', async () => {
    await json(client, 'payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '1', '--id', 'dated');
    const { commitUs, committedAt } = await json(client, 'payment', 'get', 'dated');
    expect([typeof commitUs, committedAt]).toEqual(['number', expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)]);
    for (const args of [
      ['payment', 'get', 'dated'],
      ['payment', 'trace', 'dated'],
      ['payment', 'list', 'abc'],
    ])
      expect(cells(await client(...args))).toContain(String(committedAt));
    // The receiver's bucket hears of it a little later.
    await waitUntil('the commit time in the list of the receiver', async () => {
      const { legs } = await json(client, 'payment', 'list', 'def', '--limit', '1');
      return JSON.stringify(legs).includes(`"commitUs":${String(commitUs)}`) && JSON.stringify(legs).includes(`"committedAt":"${String(committedAt)}"`);
    });
  });

  test('balances of several accounts at one moment, and the same again when it has long passed', async () => {
    const balances = async (...args: readonly string[]): Promise<{ readonly readAt: unknown; readonly minor: readonly unknown[] }> => {
      const [one, other] = (await json(client, 'account', 'get', 'abc', 'def', ...args)) as unknown as readonly [
        Readonly<Record<string, unknown>>,
        Readonly<Record<string, unknown>>,
      ];
      expect(one['readAt']).toBe(other['readAt']);
      return { readAt: one['readAt'], minor: [one['balanceMinor'], other['balanceMinor']] };
    };
    const then = await balances();
    expect(then.readAt).toEqual(expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/));
    await json(client, 'payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '1', '--id', 'behind-the-moment');
    expect((await balances()).minor).not.toEqual(then.minor);
    expect(await balances('--at', String(then.readAt))).toEqual(then);
    expectRefusal(await client('account', 'get', 'abc', '--at', '2021-01-01'), 6, /^mas-client: MOMENT_NOT_KEPT: /);
    expectRefusal(await client('account', 'get', 'abc', '--at', '2099-01-01'), 2, /^mas-client: MOMENT_IN_THE_FUTURE: /);
    expectRefusal(await client('account', 'get', 'abc', '--at', String(then.readAt), '--level', 'cached'), 2, /LEVEL_WITHOUT_MOMENT/);
  });

  test('without a majority: exit 7 or 8, what to do, and the same command gives the answer later', async () => {
    const away = cluster.rms.slice(1);
    await Promise.all(away.map((rm) => rm.kill()));
    const pay = ['payment', 'create', '--from', 'abc', '--to', 'def', '--amount', '1', '--id', 'in-the-dark'];
    const dark = await client(...pay, '--timeout', '50000');
    // Where the home is led by the process that is left, the payment may have come into its log just before: that is unknown.
    expectRefusal(
      dark,
      dark.code === 8 ? 8 : 7,
      dark.code === 8
        ? /^mas-client: UNKNOWN in-the-dark: .* ask again with --id 'in-the-dark'/
        : /^mas-client: NO_QUORUM: Bucket \d has no quorum: 1 of its 3 replicas is up, 2 are needed; the payment may still commit or be abandoned: .*; ask again with --id 'in-the-dark'\n/,
    );
    await cluster.whole();
    const later = await client(...pay);
    expect([later.code, later.stdout.includes('COMMITTED') || later.stderr.includes('ABORTED')]).toEqual([later.stdout === '' ? 6 : 0, true]);
    expect(await client(...pay)).toEqual(later);
  });

  test('--json errors are one JSON document on stderr', async () => {
    const ran = await client('--json', 'account', 'get', 'nobody');
    expect(ran.code).toBe(4);
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { reason: 'ACCOUNT_NOT_FOUND' } });
  });
});

describe('a cluster with a policy: card numbers, and 10 must remain', () => {
  const CARD = '9090-8912-1209-0098';
  const OTHER = '4000-1234-5678-9010';
  let cluster: Cluster;
  let client: Client;

  beforeAll(async () => {
    cluster = await Cluster.start({ environment: { MAS_NUMBER_PATTERN: 'dddd-dddd-dddd-dddd', MAS_MINIMUM_BALANCE: '10' } });
    client = clientOf(cluster);
  });

  afterAll(async () => {
    expect(cluster?.failures() ?? []).toEqual([]);
    await cluster?.stop();
  });

  test('a card number is taken, "abc" is not, and nobody opens below the minimum', async () => {
    expect((await client('account', 'create', '--number', CARD, '--balance', '100')).code).toBe(0);
    expect((await client('account', 'create', '--number', OTHER, '--balance', '10')).code).toBe(0);
    expectRefusal(await client('account', 'create', '--number', 'abc', '--balance', '100'), 2, /ACCOUNT_NUMBER_REFUSED/);
    expectRefusal(await client('account', 'create', '--number', '4000-1234-5678-9011', '--balance', '9.99'), 2, /OPENING_BALANCE_BELOW_MINIMUM/);
  });

  test('payments leave at least 10', async () => {
    expectRefusal(await client('payment', 'create', '--from', CARD, '--to', OTHER, '--amount', '90.01'), 6, /INSUFFICIENT_FUNDS/);
    expect((await client('payment', 'create', '--from', CARD, '--to', OTHER, '--amount', '90')).code).toBe(0);
    expect(await json(client, 'account', 'get', CARD)).toMatchObject({ balanceMinor: '1000', minimumMinor: '1000' });
  });

  test('transactions of a client are listed, newest first', async () => {
    expect((await client('payment', 'list', '--account', CARD)).stdout).toMatch(/90\.00 USD[^]*90\.01 USD/);
  });
});
