/**
 * A disk is lost (docs/adr/0011). With ids that name machines, the emptied rm-1 would vote, rm-3 would lead, and every payment that
 * rm-1 and rm-2 had answered would be gone. Here it is refused, and comes back as another incarnation once the operator allows it.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import { createConnection } from 'mysql2/promise';
import { run } from './harness/command';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT, type MasProcess } from './harness/mas-process';
import { numbersIn } from './harness/names';
import { Bank, OPENING_MINOR } from './testing/bank';

const LONG_MS = 240_000;
const PAYMENTS = 8;

let cluster: Cluster;
let bank: Bank;
let from: string;
let to: string;
let paid = 0n;

async function begin(storage: 'embedded' | 'servers'): Promise<void> {
  cluster = await Cluster.start({ storage });
  bank = new Bank(cluster);
  [from = '', to = ''] = [...numbersIn(cluster.placement, 1, 'from', 1), ...numbersIn(cluster.placement, 2, 'to', 1)];
  paid = 0n;
  await bank.open([from, to]);
}

async function pay(count = PAYMENTS): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const id = bank.mint(from);
    // One answer of another kind than COMMITTED may be an UNKNOWN while a leader changes: it is asked again under its id.
    await waitUntil('the payment is COMMITTED', async () => (await bank.pay(from, to, 1n, { id }).catch(() => null))?.kind === 'committed', { timeoutMs: LONG_MS, diagnostics: () => cluster.diagnostics() });
    paid += 1n;
  }
}

async function holdsWhatWasAnswered(): Promise<void> {
  let seen: readonly bigint[] = [];
  await waitUntil(
    'both accounts are read',
    async () => {
      seen = await bank.balances([from, to]).catch(() => []);
      return seen.length === 2;
    },
    { timeoutMs: LONG_MS, diagnostics: () => cluster.diagnostics() },
  );
  expect(seen).toEqual([OPENING_MINOR - paid, OPENING_MINOR + paid]);
}

async function endsRefused(rm: MasProcess): Promise<string> {
  await waitUntil(`${rm.name} ends`, () => !rm.running(), { timeoutMs: LONG_MS, diagnostics: () => rm.logTail() });
  expect(rm.exitStatus()).toMatchObject({ code: 2 });
  return rm.logTail();
}

/** Every group has the newest incarnation of this RM as a voter, and no older one in any role. */
async function isWhole(rm: number, ordinal: number): Promise<void> {
  let seen: unknown;
  await waitUntil(
    `rm-${rm} is whole again`,
    async () => {
      const { replicas } = await cluster.client().clusterStatus();
      const leaders = replicas.filter((one) => one.role === 'leader');
      seen = leaders.map(({ bucket, voters, learners }) => ({ bucket, voters, learners }));
      const renewed = leaders.filter(({ voters, learners }) => voters.some((one) => one.rm === rm && one.ordinal === ordinal) && [...voters, ...learners].every((one) => one.rm !== rm || one.ordinal === ordinal));
      return new Set(renewed.map(({ bucket }) => bucket)).size === cluster.placement.map.buckets.length + 1;
    },
    { timeoutMs: LONG_MS, diagnostics: () => `${JSON.stringify(seen)}\n${cluster.diagnostics()}` },
  );
}

async function sql(statement: string): Promise<void> {
  const connection = await createConnection({ host: '127.0.0.1', port: cluster.sql?.port ?? 0, user: 'root' });
  await connection.query(statement);
  await connection.end();
}

const wipe = (rm: MasProcess): void => rmSync(cluster.dataOf(rm.name), { recursive: true, force: true });

describe.each(['embedded', 'servers'] as const)('a folder that is lost, %s', (storage) => {
  beforeAll(() => begin(storage));
  afterAll(() => cluster?.stop());

  test('what two answered is not forgotten by the one whose disk is gone and the one that was away', async () => {
    const [rm1, rm2, rm3] = ['rm1', 'rm2', 'rm3'].map((name) => cluster.process(name)) as [MasProcess, MasProcess, MasProcess];
    await rm3.kill();
    await pay();
    await Promise.all([rm1.kill(), rm2.kill()]);
    wipe(rm1);
    rm3.start();
    rm1.start();
    expect(await endsRefused(rm1)).toMatch(storage === 'embedded' ? /rm-3 knows rm-1 as another incarnation/ : /database mas1 belongs to rm-1/);
    rm2.start();
    await Promise.all([rm2.ready(), rm3.ready()]);
    await holdsWhatWasAnswered();
  });

  test('it comes back under the operator\u2019s word as another incarnation, while payments go on', async () => {
    const rm1 = cluster.process('rm1');
    rm1.start({ MAS_REJOIN: 'true' });
    await waitUntil('rm-1 waits for the operator', () => rm1.lines().some((line) => /not a member of a cluster yet/.test(line.msg)), { timeoutMs: LONG_MS, diagnostics: () => rm1.logTail() });
    await pay(2);
    expect(await cluster.client().replaceNode(1)).toMatchObject({ rm: 1, ordinal: 0, isLost: true });
    await rm1.ready();
    await pay(2);
    await isWhole(1, 1);
    await cluster.process('rm2').kill();
    await pay(2);
    await cluster.whole();
    await holdsWhatWasAnswered();
    await bank.settled([from, to], LONG_MS);
    expect(await bank.audited()).toBeGreaterThan(0);
  });
});

describe('a database that is lost, while the folder is kept', () => {
  beforeAll(() => begin('servers'));
  afterAll(() => cluster?.stop());

  test('is found out, named, and replaced in place', async () => {
    const rm2 = cluster.process('rm2');
    await pay(2);
    await rm2.kill();
    await sql('drop database mas2');
    rm2.start();
    expect(await endsRefused(rm2)).toMatch(/database mas2 is empty, and the data folder has had a database/);
    rm2.start({ MAS_REJOIN: 'true' });
    await cluster.client().replaceNode(2);
    await rm2.ready();
    await isWhole(2, 1);
    await pay(2);
    await holdsWhatWasAnswered();
  });

  test('is found out again when the next one is lost, too', async () => {
    const rm2 = cluster.process('rm2');
    await rm2.kill();
    rm2.start();
    await rm2.ready();
    await rm2.kill();
    await sql('drop database mas2');
    rm2.start();
    expect(await endsRefused(rm2)).toMatch(/database mas2 is empty, and the data folder has had a database/);
    rm2.start({ MAS_REJOIN: 'true' });
    await cluster.client().replaceNode(2);
    await rm2.ready();
    await isWhole(2, 2);
    await pay(2);
    await holdsWhatWasAnswered();
  });

  test('another one\u2019s database is refused, and its owner goes on untouched', async () => {
    await cluster.process('rm3').kill();
    const addresses = cluster.rmAddresses();
    const members = addresses.map((address, at) => `${at + 1}=${address}`).join(',');
    const program = join(REPOSITORY_ROOT, 'packages/bin/dist/mas.js');
    const ran = await run(process.execPath, [program, 'rm', '--id', '3', '--listen', addresses[2] ?? '', '--cluster', members, '--certs', cluster.certs(), '--data', cluster.dataOf('rm3'), '--log-level', 'error', '--sql', `mysql://root@127.0.0.1:${cluster.sql?.port ?? 0}`, '--db', 'mas1']);
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^mas: database mas1 belongs to rm-1 \([0-9a-f]{8}\) of cluster [0-9a-f]{32}; this is rm-3 of cluster [0-9a-f]{32}\. Give each resource manager a database of its own with --db \(MAS_DB\)\.\n$/) as unknown });
    expect(cluster.process('rm1').running()).toBe(true);
    await cluster.whole();
    await pay(2);
    await holdsWhatWasAnswered();
    expect(cluster.process('rm1').failures()).toEqual([]);
  });
});
