/**
 * Disks that fill up while a cluster pays, on small file systems of their own: of the SQL server, of one Resource Manager, of all processes together. What can
 * go on goes on, what cannot says why, and after room was made everything that was answered is there. (A log that has used up its own segments: `npm run test:fire`.)
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { MasClient, PaymentInput } from '@mas/client';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import type { MasProcess } from './harness/mas-process';
import { numbersIn } from './harness/names';
import { SmallDisk } from './harness/small-disk';
import { Bank, OPENING_MINOR } from './testing/bank';

const LONG_MS = 240_000;
const BATCH = 100;
const MEMO = 'a disk that fills up '.repeat(12);
let tools: TempFolder;
let disk: SmallDisk;
let cluster: Cluster;
let client: MasClient;
let bank: Bank;
let payers: readonly string[];
let payees: readonly string[];
let paid = 0;
/** What was answered as committed: asked again it must be that, and made once. */
let answered: PaymentInput[] = [];

async function open(megabytes: number, options: (disk: SmallDisk) => Parameters<typeof Cluster.start>[0]): Promise<void> {
  tools = await tempFolder('mas-full-disk');
  // The SQL server is another user.
  chmodSync(tools.path, 0o755);
  disk = SmallDisk.mount(join(tools.path, 'disk'), megabytes);
  cluster = await Cluster.start(options(disk));
  client = cluster.client({ timeoutMs: 60_000 });
  bank = new Bank(cluster, client);
  [payers, payees, paid, answered] = [numbersIn(cluster.placement, 1, 'payer', 4), numbersIn(cluster.placement, 2, 'payee', 4), 0, []];
  await bank.open([...payers, ...payees], OPENING_MINOR * 100n);
}

afterEach(async () => {
  disk?.empty();
  await cluster?.stop();
  disk?.unmount();
  await tools?.remove();
});

/** A batch, each from a payer to a payee. Only what was answered is kept. @returns how many were committed */
async function pay(): Promise<number> {
  const payments = Array.from({ length: BATCH }, (_, at): PaymentInput => {
    const from = payers[at % payers.length] ?? '';
    return { id: bank.mint(from), from, to: payees[at % payees.length] ?? '', amount: { minor: 1n }, memo: MEMO };
  });
  const replies = await client.createPayments(payments).catch(() => []);
  const committed = payments.filter((_, at) => {
    const reply = replies[at];
    return reply?.ok === true && reply.value.kind === 'committed';
  });
  answered.push(...committed);
  paid += committed.length;
  return committed.length;
}

/** Nothing that was answered is lost, nothing was made twice, and the audit agrees. What had no answer may be either. */
async function nothingIsLost(): Promise<void> {
  await bank.settled([...payers, ...payees], LONG_MS);
  for (let at = 0; at < answered.length; at += Math.max(1, Math.floor(answered.length / 40))) {
    const payment = answered[at];
    if (payment !== undefined) expect(await client.createPayment(payment)).toMatchObject({ kind: 'committed' });
  }
  const received = (await bank.total(payees)) - OPENING_MINOR * 100n * BigInt(payees.length);
  expect(received).toBeGreaterThanOrEqual(BigInt(paid));
  expect(await bank.total([...payers, ...payees])).toBe(OPENING_MINOR * 100n * BigInt(payers.length + payees.length));
  expect(await bank.audited()).toBeGreaterThan(0);
}

async function everyRowIsWritten(): Promise<void> {
  let seen: unknown;
  await waitUntil(
    'every replica has its rows in SQL',
    async () => {
      const { replicas } = await client.clusterStatus();
      const committed = (bucket: number): number => Math.max(...replicas.filter((one) => one.bucket === bucket).map((one) => one.commitIndex));
      seen = replicas.map(({ bucket, rm, durableIndex }) => `${bucket}/${rm}: ${durableIndex} of ${committed(bucket)}`);
      return replicas.length === 4 * 3 && replicas.every((one) => one.durableIndex >= committed(one.bucket));
    },
    { timeoutMs: LONG_MS, diagnostics: () => `${JSON.stringify(seen)}\n${cluster.diagnostics()}` },
  );
}

/** So many more are committed, however busy the machine is. */
async function paymentsGoOn(): Promise<void> {
  let more = 0;
  await waitUntil(
    'payments go on',
    async () => {
      more += await pay();
      return more >= 2 * BATCH;
    },
    { timeoutMs: LONG_MS, diagnostics: () => `${more} since\n${cluster.diagnostics()}` },
  );
}

/** Nothing can be written to SQL any more; logs have room for a while, and payments go on. */
async function checkpointsFail(rms: readonly MasProcess[]): Promise<void> {
  await waitUntil(
    'a checkpoint has failed at each',
    async () => {
      await pay();
      return rms.every((rm) => rm.lines().some(({ msg }) => msg === 'a checkpoint failed; it is written again'));
    },
    { timeoutMs: LONG_MS, diagnostics: () => cluster.diagnostics() },
  );
  await paymentsGoOn();
}

/** A start on a full disk ends, and says why. */
async function cannotStart(rm: MasProcess): Promise<void> {
  rm.start();
  await rm.ended();
  expect([1, 70]).toContain(rm.exitStatus()?.code);
  expect(rm.complaints().join('\n')).toMatch(/database or disk is full|ENOSPC: no space left on device/);
}

if (!SmallDisk.available()) test('a disk that fills up', () => Promise.reject(new Error('this needs root on Linux, to mount small file systems')));
else {
  test("the SQL server's: payments go on from logs and memory, checkpoints wait, and are made once there is room", async () => {
    await open(512, ({ path }) => ({ storage: 'servers', sqlDataFolder: join(path, 'sql') }));
    await pay();
    await everyRowIsWritten();
    disk.fill();
    await checkpointsFail(cluster.rms);
    disk.empty();
    await everyRowIsWritten();
    // What SQL has now is what a start begins with.
    await Promise.all(cluster.rms.map((rm) => rm.kill()));
    await cluster.whole();
    await nothingIsLost();
    expect(cluster.failures()).toEqual([]);
  });

  test("one Resource Manager's: payments go on, it does not start again until there is room, and then it catches up", async () => {
    await open(96, ({ path }) => ({ dataOf: (name) => (name === 'rm3' ? join(path, 'rm3') : null) }));
    const rm3 = cluster.process('rm3');
    disk.fill();
    await checkpointsFail([rm3]);
    await rm3.kill();
    await cannotStart(rm3);
    await paymentsGoOn();
    disk.empty();
    await cluster.whole();
    await everyRowIsWritten();
    await nothingIsLost();
  });

  test('of all Resource Managers: once they have ended none starts, which callers hear, and after room was made all that was answered is there', async () => {
    await open(320, ({ path }) => ({ dataOf: (name) => (name.startsWith('rm') ? join(path, name) : null) }));
    disk.fill();
    await checkpointsFail(cluster.rms);
    await Promise.all(cluster.rms.map((rm) => rm.kill()));
    for (const rm of cluster.rms) await cannotStart(rm);
    const refused = await cluster
      .client({ timeoutMs: 10_000 })
      .getAccount(payers[0] ?? '')
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 14 });
    disk.empty();
    await cluster.whole();
    await everyRowIsWritten();
    await nothingIsLost();
  });
}
