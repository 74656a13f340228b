/**
 * An upgrade as an operator makes it: every process of a cluster of an earlier commit is stopped in order and started from today's program, one after the
 * other, while payments run, in either order. No payment fails, and the books are right. And a start on what a later version has made ends before it changes anything.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { rmId } from '@mas/values';
import { Cluster } from './harness/cluster';
import { EarlierPrograms } from './harness/earlier-programs';
import { OWN_PROGRAM, type MasProcess } from './harness/mas-process';
import { Bank } from './testing/bank';
import { caughtUp } from './testing/caught-up';
import { OngoingPayments } from './testing/ongoing-payments';
import { Pairs } from './testing/pairs';
import { Stalls } from './testing/stalls';

/** As git names it. Since docs/adr/0030 the order does not matter; from before, Transaction Managers have to be first. */
const PREVIOUS = process.env['MAS_PREVIOUS'] ?? 'HEAD~1';
/** Far longer than anything takes on a busy machine. */
const PATIENCE_MS = 120_000;
const COORDINATORS = ['tm1', 'tm2'];
const RESOURCE_MANAGERS = ['rm1', 'rm2', 'rm3'];

describe.each([
  { storage: 'servers', order: [...COORDINATORS, ...RESOURCE_MANAGERS] },
  { storage: 'embedded', order: [...RESOURCE_MANAGERS, ...COORDINATORS] },
] as const)(`from ${PREVIOUS}, on $storage storage, $order`, ({ storage, order }) => {
  let earlier: EarlierPrograms;
  let cluster: Cluster;
  let payments: OngoingPayments;
  let pairs: readonly (readonly [string, string])[];
  let total: bigint;
  let stalls: Stalls;

  beforeAll(async () => {
    earlier = await EarlierPrograms.of(PREVIOUS, process.env['MAS_PREVIOUS'] === undefined);
    cluster = await Cluster.start({ tms: 2, storage, program: earlier.program });
    const bank = new Bank(cluster, cluster.client({ timeoutMs: PATIENCE_MS }));
    pairs = (await Pairs.open(bank, 4)).take(4);
    total = await bank.total(pairs.flat());
    payments = new OngoingPayments(cluster, pairs, cluster.operatorToken(), true);
    stalls = new Stalls(cluster);
    payments.start();
    await payments.proceed();
  });

  afterAll(async () => {
    await payments?.stop();
    payments?.close();
    await cluster?.stop();
    await earlier?.remove();
  });

  test.each(order)('%s is replaced under load', async (name) => {
    const process = cluster.process(name);
    await process.stop();
    expect([name, process.exitStatus()]).toEqual([name, { code: 0, signal: null }]);
    await payments.proceed();
    process.use(OWN_PROGRAM);
    process.start();
    await process.ready();
    if (name.startsWith('rm')) await caughtUp(cluster, payments.client, rmId(Number(name.slice(2))));
    await payments.proceed();
    await everyCoordinatorSeesAll(cluster);
  });

  test('no payment has failed, no money has come or gone, and the audit finds nothing', async () => {
    await payments.stop();
    expect(payments.failures).toEqual([]);
    // One that its home gave up is the machine's doing where a process has found that it stood still, and the upgrade's else.
    if (!stalls.any) expect(payments.givenUp).toEqual([]);
    expect(payments.committed).toBeGreaterThan(100);
    const bank = new Bank(cluster, payments.client);
    await bank.settled(pairs.flat());
    expect(await bank.total(pairs.flat())).toBe(total);
    expect(await bank.audited()).toBeGreaterThan(0);
    expect(cluster.failures()).toEqual([]);
  });
});

/** Old ones read the status of new ones, and new ones that of old ones. */
async function everyCoordinatorSeesAll(cluster: Cluster): Promise<void> {
  for (const address of cluster.addresses()) {
    const { replicas } = await cluster.client({ addresses: [address], timeoutMs: PATIENCE_MS }).clusterStatus();
    expect([address, new Set(replicas.map(({ rm }) => rm))]).toEqual([address, new Set([1, 2, 3])]);
  }
}

describe('a start on what a later version has made', () => {
  let cluster: Cluster;
  let rm: MasProcess;

  beforeAll(async () => {
    cluster = await Cluster.start({ storage: 'servers' });
    rm = cluster.process('rm3');
    await rm.stop();
  });
  afterAll(() => cluster?.stop());

  test('ends with one line before it changes anything, and goes on where nothing was in its way', async () => {
    const before = contents(cluster.dataOf('rm3'));
    await inDatabase(cluster, "insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01T00:00:00.000Z')");
    rm.start();
    await rm.ended();
    expect(rm.exitStatus()).toEqual({ code: 2, signal: null });
    expect(rm.complaints().filter((line) => line.startsWith('mas: '))).toEqual([
      expect.stringContaining('the tables were made by a newer version of this program: run that one, or give this one a database of its own') as unknown,
    ]);
    expect(contents(cluster.dataOf('rm3'))).toEqual(before);
    await inDatabase(cluster, "delete from kysely_migration where name = '9999-later'");
    rm.start();
    await rm.ready();
    await caughtUp(cluster, cluster.client(), rmId(3));
  });
});

async function inDatabase(cluster: Cluster, statement: string): Promise<void> {
  const url = cluster.databases().find((one) => one.rm === 3)?.url ?? '';
  const connection = await createConnection(url);
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Of every file of a folder, what it holds; but for its lock, which notes who has had it. */
function contents(folder: string): Readonly<Record<string, string>> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.startsWith('owner.db') && lstatSync(join(folder, path)).isFile(),
  );
  return Object.fromEntries(
    paths.sort().map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}
