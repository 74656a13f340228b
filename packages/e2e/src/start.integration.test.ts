/**
 * Starting in the wrong order, or with something missing: what a process says, whether it waits or ends, and that it works
 * once the missing part is there. One line each, which names the address and what to do.
 */
import { run, type Ran } from './harness/command';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT, type LogLine, type MasProcess } from './harness/mas-process';
import { numbersIn } from './harness/names';
import { Bank, PATIENT_WITH_REDIS } from './testing/bank';
import { freePort, waitUntil } from '@mas/test-servers';
import { join } from 'node:path';

let cluster: Cluster;
let bank: Bank;
let from: string;
let to: string;

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers', environment: PATIENT_WITH_REDIS });
  bank = new Bank(cluster);
  [from = '', to = ''] = [...numbersIn(cluster.placement, 1, 'from', 1), ...numbersIn(cluster.placement, 2, 'to', 1)];
  await bank.open([from, to]);
});

afterAll(async () => {
  await cluster?.stop();
});

/** Everything about this that is no ordinary news. */
const troubles = (one: MasProcess, about: RegExp): readonly LogLine[] =>
  one.lines().filter((line) => (line.level === 'warn' || line.level === 'error') && about.test(line.msg));
const said = (one: MasProcess, msg: RegExp): boolean => one.lines().some((line) => msg.test(line.msg));

/** A process of its own, started with these flags and run to its end. */
function mas(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return run(process.execPath, [join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js'), ...args], environment);
}

async function rmAlone(sql: string, ...more: readonly string[]): Promise<Ran> {
  const port = await freePort();
  return mas(
    [
      'rm',
      '--id',
      '1',
      '--listen',
      `localhost:${port}`,
      '--cluster',
      `1=localhost:${port}`,
      '--replicas',
      '1',
      '--certs',
      cluster.certs(),
      '--data',
      join(cluster.certs(), `rm-${port}`),
      '--log-level',
      'error',
      '--db',
      'alone',
      ...more,
    ],
    { MAS_SQL: sql },
  );
}

describe('a Resource Manager', () => {
  test('whose SQL server is not there yet: says so once, waits, and takes part as soon as it is', async () => {
    const rm = cluster.process('rm3');
    await rm.kill();
    await cluster.sql?.kill();
    rm.start();
    await waitUntil(`${rm.name} waits`, () => said(rm, /^waiting for the SQL server$/), { timeoutMs: 90_000, diagnostics: () => rm.logTail() });
    expect(troubles(rm, /SQL/)).toMatchObject([
      {
        level: 'warn',
        msg: 'waiting for the SQL server',
        reason: expect.stringMatching(/^no SQL server answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\): start it, or correct the URL$/) as unknown,
      },
    ]);
    await cluster.sql?.restart();
    await rm.ready();
    expect(said(rm, /^the SQL server answers now$/)).toBe(true);
    await cluster.whole();
    expect((await bank.pay(from, to, 1n)).kind).toBe('committed');
  });

  test('whose SQL server never comes: one line, exit 1', async () => {
    expect(await rmAlone(`mysql://root@127.0.0.1:${await freePort()}`, '--sql-wait-ms', '600')).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^mas: no SQL server answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\): start it, or correct the URL\n$/) as unknown,
    });
  });

  test.each<[string, () => string, RegExp]>([
    [
      'refuses the password',
      () => `mysql://stranger:wrong@127.0.0.1:${cluster.sql?.port ?? 0}`,
      /^mas: the SQL server at 127\.0\.0\.1:\d+ refuses user "stranger" with this password: [^\n]+\n$/,
    ],
    [
      'has an unknown name',
      () => 'mysql://root@no-such-host.invalid:3306',
      /^mas: (the SQL server's host "no-such-host\.invalid" is unknown|no SQL server answers at no-such-host\.invalid:3306)[^\n]+\n$/,
    ],
    ['is no SQL server’s URL', () => 'postgres://127.0.0.1', /^mas: [^\n]*(mysql:\/\/)[^\n]*\n$/],
  ])('whose SQL server %s: one line, exit 2, without waiting', async (_, sql, line) => {
    // Had it waited, its end would have come from outside.
    const ran = await rmAlone(sql(), '--sql-wait-ms', '600000');
    expect(ran).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(line) as unknown });
    expect(ran.stderr).not.toContain('wrong@');
  });
});

test.each([
  ['--sql', ['rm', '--id', '1', '--listen', 'localhost:1', '--sql', 'mysql://root:pa55word@127.0.0.1:3306']],
  ['--redis', ['tc', '--id', 'alone', '--redis', 'redis://:pa55word@127.0.0.1:6379']],
])('a password in %s, where every user of the machine reads it: one line, exit 2', async (flag, args) => {
  const ran = await mas([...args, '--cluster', '1=localhost:1', '--certs', cluster.certs(), '--data', join(cluster.certs(), 'never')]);
  expect(ran).toEqual({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^mas: ${flag} holds a password, [^\\n]*-password-file[^\\n]*\\n$`)) as unknown,
  });
  expect(ran.stderr).not.toContain('pa55word');
});

describe('a Transaction Manager', () => {
  test('without Redis: one line, and it serves; with Redis as soon as that answers', async () => {
    const tm = cluster.process('tm1');
    await tm.kill();
    await cluster.redis?.kill();
    tm.start();
    await tm.ready();
    expect((await bank.pay(from, to, 1n)).kind).toBe('committed');
    expect(await bank.balances([from, to])).toHaveLength(2);
    const [first, second, ...more] = troubles(tm, /Redis/);
    expect(first).toMatchObject({
      level: 'warn',
      msg: 'Redis does not answer; this coordinator goes on without it until it does',
      redis: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown,
      reason: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    // With the first payment, once for all of them.
    expect(second).toMatchObject({ level: 'warn', msg: 'Redis is silent or takes nothing; payments go on without it' });
    expect(more).toEqual([]);
    expect(tm.logTail()).not.toContain('"stack"');
    await cluster.redis?.restart();
    await waitUntil('Redis is used again', () => said(tm, /^Redis answers now$/), { timeoutMs: 90_000, diagnostics: () => tm.logTail() });
    const id = bank.mint(from);
    expect((await bank.pay(from, to, 1n, { id })).kind).toBe('committed');
    await waitUntil('the entry is in Redis', async () => (await bank.client.getPayment({ id })).timeline.some((step) => step.step === 'received'));
  });

  test('whose Redis was stopped for a while: a cached balance does not go back to what Redis had before', async () => {
    const tm = cluster.process('tm1');
    const revs: number[] = [];
    const read = async (): Promise<number> => {
      const [view] = await bank.client.getAccounts([from], 'cached');
      revs.push(view?.rev ?? -1);
      return view?.ageMs ?? 0;
    };
    await waitUntil('the balance comes from Redis', async () => (await read()) > 0, { timeoutMs: 20_000, diagnostics: () => tm.logTail() });
    cluster.redis?.pause();
    expect((await bank.pay(from, to, 1n)).kind).toBe('committed');
    await read();
    const paid = revs.at(-1) ?? 0;
    cluster.redis?.resume();
    await waitUntil('the balance comes from Redis again', async () => (await read()) > 0, { timeoutMs: 60_000, diagnostics: () => tm.logTail() });
    for (let i = 0; i < 5; i += 1) await read();
    expect(paid).toBeGreaterThan(revs[0] ?? 0);
    expect(revs).toEqual([...revs].sort((left, right) => left - right));
  });

  test('without a Resource Manager and without Redis: says once what it waits for, and serves when they are there', async () => {
    const tm = cluster.process('tm1');
    await Promise.all([tm.kill(), cluster.redis?.kill(), ...cluster.rms.map((rm) => rm.kill())]);
    tm.start();
    await waitUntil(`${tm.name} waits`, () => said(tm, /^waiting for the placement map/), { timeoutMs: 90_000, diagnostics: () => tm.logTail() });
    expect(said(tm, /^ready$/)).toBe(false);
    await cluster.redis?.restart();
    await cluster.whole();
    expect(tm.lines().filter((line) => line.msg.startsWith('waiting for'))).toHaveLength(1);
    expect((await bank.pay(from, to, 1n)).kind).toBe('committed');
  });

  test('with a URL that is none of Redis: one line, exit 2', async () => {
    const port = await freePort();
    const ran = await mas([
      'tc',
      '--id',
      'alone',
      '--listen',
      `localhost:${port}`,
      '--cluster',
      'x=1',
      '--redis',
      'http://127.0.0.1',
      '--certs',
      cluster.certs(),
      '--data',
      join(cluster.certs(), 'tm-alone'),
    ]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    for (const line of ran.stderr.trimEnd().split('\n')) expect(line).toMatch(/^mas: --\S+ /);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['tc', ['--id', 'alone', '--redis', 'redis://m%e@localhost'], /^mas: --redis .* stray %.*\n$/],
    ['rm', ['--id', '1', '--sql', 'mysql://ro%zt@localhost'], /^mas: the SQL URL's user has a stray %.*\n$/],
    ['rm', ['--id', '1', '--sql', 'mysql://root@localhost/other', '--db', 'mas1'], /^mas: the SQL URL names database "other".*--db.*\n$/],
    ['rm', ['--id', '1', '--sql', 'mysql://root@localhost', '--db', 'mysql'], /^mas: "mysql" is a database of the SQL server itself.*\n$/],
    ['rm', ['--id', '1', '--db', '../mas1'], /^mas: --db .*\n$/],
  ])('mas %s %j: one line, exit 2, nothing is waited for', async (what, flags, line) => {
    const ran = await mas([
      what,
      '--listen',
      `localhost:${await freePort()}`,
      '--cluster',
      '1=localhost:1',
      '--replicas',
      '1',
      '--certs',
      cluster.certs(),
      '--data',
      join(cluster.certs(), `wrong-${what}`),
      ...flags,
    ]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr.replace(/^\{.*\n/gm, '')).toMatch(line);
  });
});

test('nothing of this has stopped a process that went on, and the ledger agrees with itself', async () => {
  expect(cluster.failures()).toEqual([]);
  expect(await bank.audited()).toBeGreaterThan(0);
});
