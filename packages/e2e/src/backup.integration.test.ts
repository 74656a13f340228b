/**
 * A backup of a cluster that pays, on real processes; proved without it; and restored into clusters of other shapes, where everything is as it was at the backup's moment: balances,
 * statements, ids, authorizations. And a restore that is killed.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MasClient } from '@mas/client';
import { tempFolder, type TempFolder } from '@mas/test-servers';
import { Cluster, type ClusterOptions } from './harness/cluster';
import { masClient, type Ran } from './harness/command';
import { Disk } from './harness/disk';
import { numbersIn } from './harness/names';
import { redisCommand } from './harness/redis-command';
import { Bank } from './testing/bank';
import { OngoingPayments } from './testing/ongoing-payments';
import { Stalls } from './testing/stalls';

const PER_BUCKET = 8;

interface Taken {
  readonly id: string;
  readonly clusterId: string;
  readonly momentUs: number;
  readonly counts: { readonly accounts: number; readonly preparedDecided: number; readonly preparedUndecided: number };
}

function ask(cluster: Cluster, ...args: readonly string[]): Promise<Ran> {
  return masClient(args, { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() });
}

async function statementOf(cluster: Cluster, account: string, untilUs: number): Promise<string> {
  const until = new Date(Math.floor(untilUs / 1000)).toISOString();
  const ran = await ask(cluster, 'account', 'statement', account, '--to', until, '--csv');
  if (ran.code !== 0) throw new Error(`exit ${ran.code}: ${ran.stderr}`);
  return ran.stdout;
}

describe.each<['embedded' | 'servers']>([['embedded'], ['servers']])('on %s storage', (storage) => {
  let folder: TempFolder;
  let backup: string;
  let old: Cluster;
  let accounts: readonly string[];
  let taken: Taken;
  let oldToken: number;
  /** As the old cluster reads them at the backup's moment. */
  let balances: readonly bigint[];
  let statement: string;

  beforeAll(async () => {
    folder = await tempFolder('mas-backups');
    backup = join(folder.path, 'b1');
    old = await Cluster.start({ tms: 2, storage });
    const bank = new Bank(old);
    accounts = [1, 2, 3].flatMap((bucket) => numbersIn(old.placement, bucket, 'b', PER_BUCKET));
    await bank.open(accounts);
    const [a = '', b = '', c = ''] = [accounts[0], accounts[PER_BUCKET], accounts[2 * PER_BUCKET]];
    for (const [from, to] of [
      [a, b],
      [b, c],
      [c, a],
      [a, c],
    ] as const)
      await bank.pay(from, to, 100n, { id: `{${from}}known-${to}` });
    await bank.client.createPayment({ id: `{${a}}held`, kind: 'authorization', from: a, amount: { minor: 300n }, expiresInSeconds: 86_400 });
    await bank.client.createPayment({ id: `{${b}}free`, kind: 'authorization', from: b, amount: { minor: 200n }, expiresInSeconds: 86_400 });
    oldToken = (await bank.client.acquireLock({ lockIds: [c], timeoutMs: 60_000 })).locks[0]?.token ?? 0;
    const pairs = accounts.map((from, at) => [from, accounts[(at + PER_BUCKET) % accounts.length] ?? ''] as const).filter((pair) => !pair.includes(c));
    const ongoing = new OngoingPayments(old, pairs, old.operatorToken(), true);
    const stalls = new Stalls(old);
    ongoing.start();
    try {
      await ongoing.proceed();
      const ran = await ask(old, 'backup', 'create', '--out', backup, '--json');
      expect(ran).toMatchObject({ code: 0 });
      taken = JSON.parse(ran.stdout) as Taken;
      await ongoing.proceed();
    } finally {
      await ongoing.stop();
      ongoing.close();
    }
    expect(ongoing.failures).toEqual([]);
    // A backup costs no payment; a machine that stands still may.
    if (!stalls.any) expect(ongoing.givenUp).toEqual([]);
    // Behind the backup.
    await bank.pay(a, b, 11n, { id: `{${a}}later` });
    balances = (await old.client().getAccounts(accounts, 'committed', taken.momentUs)).map((one) => one.balanceMinor);
    statement = await statementOf(old, a, taken.momentUs);
  });

  afterAll(async () => {
    await old?.stop();
    await folder?.remove();
  });

  test('it is proved without the cluster, and one that is there is left alone', async () => {
    expect(taken.counts.accounts).toBe(accounts.length);
    expect(existsSync(`${backup}.partial`)).toBe(false);
    const verified = await masClient(['backup', 'verify', backup, '--json'], {});
    expect(verified).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') as unknown });
    expect(JSON.parse(verified.stdout)).toMatchObject({ id: taken.id, momentUs: taken.momentUs });
    expect(await ask(old, 'backup', 'create', '--out', backup)).toMatchObject({ code: 2, stderr: expect.stringMatching(/is there already/) as unknown });
    const damaged = join(folder.path, 'damaged');
    expect(await masClient(['backup', 'verify', damaged], {})).toMatchObject({
      code: 14,
      stderr: expect.stringMatching(/MANIFEST\.json is missing/) as unknown,
    });
  });

  test.each<[string, ClusterOptions]>([
    ['one bucket on one resource manager', { rms: 1, replicas: 1, buckets: 1 }],
    ['five buckets on three', { rms: 3, replicas: 3, buckets: 5 }],
  ])('restored into %s everything is as it was at the moment', async (_, shape) => {
    const cluster = await Cluster.start({ ...shape, storage, certs: old.certs(), restoredFrom: backup });
    try {
      await isAsItWas(cluster);
      expect(cluster.failures()).toEqual([]);
    } finally {
      await cluster.stop();
    }
  });

  async function isAsItWas(cluster: Cluster): Promise<void> {
    const client = cluster.client();
    const bank = new Bank(cluster, client);
    const [a = '', b = '', c = ''] = [accounts[0], accounts[PER_BUCKET], accounts[2 * PER_BUCKET]];
    const map = (await client.clusterStatus()).placement;
    expect(map.cluster?.clusterId).toBeDefined();
    expect(map.cluster?.clusterId).not.toBe(taken.clusterId);
    // As of now, which is behind the moment, and as of the moment.
    expect(await bank.balances(accounts)).toEqual(balances);
    expect((await client.getAccounts(accounts, 'committed', taken.momentUs)).map((one) => one.balanceMinor)).toEqual(balances);
    expect(await statementOf(cluster, a, taken.momentUs)).toBe(statement);
    expect(await bank.audited()).toBeGreaterThan(accounts.length);
    await isAnsweredNotPaid(client, a, b);
    expect(await bank.balances(accounts)).toEqual(balances);
    const before = await bank.balances([a, b]);
    // What came behind the moment is not there, and its id is free.
    expect((await client.createPayment({ id: `{${a}}later`, from: a, to: b, amount: { minor: 11n } })).kind).toBe('committed');
    const captured = await client.createPayment({ id: `{${a}}capture`, kind: 'capture', referenceId: `{${a}}held`, to: b, amount: { minor: 250n } });
    expect(captured.kind).toBe('committed');
    expect((await client.createPayment({ id: `{${b}}void`, kind: 'void', referenceId: `{${b}}free` })).kind).toBe('committed');
    expect(await bank.balances([a, b])).toEqual([(before[0] ?? 0n) - 261n, (before[1] ?? 0n) + 261n]);
    await bank.settled([a, b]);
    expect((await client.getLock(c)).mode).toBeNull();
    const lock = await client.acquireLock({ lockIds: [c], timeoutMs: 5_000 });
    expect(lock.locks[0]?.token).toBeGreaterThan(oldToken);
    await client.releaseLock([c], lock.handle);
    const latest = await client.getAccounts([a]);
    expect(latest[0]?.momentUs).toBeGreaterThan(taken.momentUs);
    expect(await bank.audited()).toBeGreaterThan(accounts.length);
  }

  async function isAnsweredNotPaid(client: MasClient, a: string, b: string): Promise<void> {
    const known = { id: `{${a}}known-${b}`, from: a, to: b, amount: { minor: 100n } };
    const [then, now] = [await old.client().createPayment(known), await client.createPayment(known)];
    expect(now).toEqual(then);
    await expect(client.createPayment({ ...known, amount: { minor: 101n } })).rejects.toMatchObject({ error: { reason: 'ID_CONFLICT' } });
    const list = await client.listPayments({ account: a, pageSize: 10 });
    expect(list.legs.length).toBe(10);
  }

  test('a restore that is killed is refused at the start, and begins again on empty storage', async () => {
    const cluster = await Cluster.start({ rms: 1, replicas: 1, buckets: 2, storage, certs: old.certs() });
    try {
      const [rm] = cluster.rms;
      if (rm === undefined) throw new Error('no resource manager');
      const refusedAtStart = async (text: RegExp): Promise<void> => {
        rm.start();
        await rm.ended();
        expect([rm.exitStatus()?.code, rm.complaints().join('\n')]).toEqual([2, expect.stringMatching(text)]);
      };
      for (const point of ['restore-begun', 'restore-read-back', 'restore-logged']) {
        await empty(cluster);
        expect(await cluster.restore(rm, backup, { MAS_FAILPOINT: point })).toMatchObject({ code: null });
        await refusedAtStart(/was cut short here/);
        expect(await cluster.restore(rm, backup)).toMatchObject({ code: 2, stderr: expect.stringMatching(/holds a restore that was cut short/) as unknown });
      }
      await empty(cluster);
      const nothing = await cluster.restore(rm, join(folder.path, 'nothing'));
      expect(nothing).toMatchObject({ code: 70, stderr: expect.stringMatching(/MANIFEST\.json is missing/) as unknown });
      expect(await cluster.restore(rm, backup)).toMatchObject({ code: 0 });
      expect(await cluster.restore(rm, backup)).toMatchObject({ code: 2, stderr: expect.stringMatching(/was restored already/) as unknown });
      await cluster.whole();
      const bank = new Bank(cluster);
      expect(await bank.balances(accounts)).toEqual(balances);
      expect(await bank.audited()).toBeGreaterThan(accounts.length);
    } finally {
      await cluster.stop();
    }
  });

  /** As nobody had ever used it. */
  async function empty(cluster: Cluster): Promise<void> {
    for (const one of [...cluster.rms, ...cluster.tms]) if (one.running()) await one.kill();
    for (const rm of cluster.rms) await new Disk(cluster, rm).lose('folder', ...(cluster.sql === null ? [] : (['database'] as const)));
    for (const { name } of cluster.tms) rmSync(cluster.dataOf(name), { recursive: true, force: true });
    if (cluster.redis !== null) await redisCommand(cluster.redis.port, 'FLUSHALL');
  }
});
