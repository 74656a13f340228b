/**
 * Buckets come and go in a cluster that pays (docs/adr/0031, docs/adr/0032), by the commands that an operator types: added, filled, emptied and retired. No payment fails for
 * it, what cannot be is refused by name, and in the end the audit agrees.
 */
import { countSlots } from '@mas/placement';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import type { Ran } from './harness/command';
import { numbersIn } from './harness/names';
import { Operator } from './harness/operator';
import { Bank } from './testing/bank';
import { SteadyPayments } from './testing/steady-payments';

let cluster: Cluster;
let operator: Operator;
let bank: Bank;
let payments: SteadyPayments;

beforeAll(async () => {
  cluster = await Cluster.start({ rms: 3, tms: 2, buckets: 3 });
  operator = new Operator(cluster);
  bank = new Bank(cluster);
  const accounts = cluster.placement.map.buckets.flatMap(({ bucket }) => numbersIn(cluster.placement, bucket, `b${bucket}`, 12));
  await bank.open(accounts);
  payments = new SteadyPayments(bank, accounts);
  payments.start();
});

afterAll(async () => {
  payments?.abandon();
  await cluster?.stop();
});

async function done(...args: readonly string[]): Promise<Ran> {
  const ran = await operator.run('cluster', ...args);
  if (ran.code !== 0) throw new Error(`${args.join(' ')}: ${JSON.stringify(ran)}\n${cluster.diagnostics()}`);
  return ran;
}

async function refused(...args: readonly string[]): Promise<string> {
  const ran = await operator.run('cluster', ...args);
  expect({ ...ran, code: ran.code === 0 ? 0 : 'not 0' }).toMatchObject({ code: 'not 0', stdout: '' });
  return ran.stderr;
}

async function slotsPerBucket(): Promise<Readonly<Record<number, number>>> {
  const { placement } = await cluster.client().clusterStatus();
  return Object.fromEntries(placement.buckets.map(({ bucket, slots }) => [bucket, countSlots(slots)]));
}

async function isWell(): Promise<void> {
  await operator.isHealthy();
  await payments.haveBeenPaid(20);
  expect(await bank.audited()).toBeGreaterThan(0);
  expect(cluster.failures()).toEqual([]);
}

test('a fourth bucket is added; said again, it is there', async () => {
  expect((await done('add-bucket', '--dry-run')).stdout).toMatch(/nothing was changed: the next bucket is 4/);
  expect((await done('add-bucket', '--id', '4', '--wait')).stdout).toMatch(/^bucket 4 is added, on rm-\d, rm-\d, rm-\d\nnothing is under way any more\n$/);
  await done('add-bucket', '--id', '4');
  expect(await slotsPerBucket()).toEqual({ 1: 1_365, 2: 1_365, 3: 1_366, 4: 0 });
});

test('a rebalance says what moves, and gives it its share', async () => {
  expect((await done('rebalance', '--dry-run')).stdout).toMatch(
    /^nothing was changed\n(slots \d+-\d+: bucket [123] \u2192 bucket 4\n)+1024 slots in \d+ moves: about \d+ accounts and \d+ rows, \d+ s of copying\n$/,
  );
  const { stdout, stderr } = await done('rebalance', '--wait', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ waited: true, underWay: [] });
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly progress: { readonly slotsTotal: number } });
  expect(events[0]?.progress).toMatchObject({ slotsTotal: 1_024, underWay: expect.any(Array) as unknown });
  expect(await slotsPerBucket()).toEqual({ 1: 1_024, 2: 1_024, 3: 1_024, 4: 1_024 });
  await isWell();
});

test('what cannot be is refused by name, and nothing has changed', async () => {
  const before = (await cluster.client().clusterStatus()).placement;
  expect(await refused('add-bucket', '--id', '7')).toMatch(/BUCKET_ID_NOT_NEXT/);
  expect(await refused('add-bucket', '--replicas', '1,2')).toMatch(/REPLICAS_INVALID/);
  expect(await refused('add-bucket', '--replicas', '1,2,9')).toMatch(/UNKNOWN_NODE/);
  expect(await refused('move-slots', '--from', '1', '--to', '9', '--slots', '0-9')).toMatch(/UNKNOWN_BUCKET/);
  expect(await refused('move-slots', '--from', '1', '--to', '2', '--slots', '0-4095')).toMatch(/SLOTS_ELSEWHERE/);
  expect(await refused('move-slots', '--from', '1', '--to', '1', '--slots', '0-9')).toMatch(/SAME_BUCKET/);
  expect(await refused('retire-bucket', '9')).toMatch(/UNKNOWN_BUCKET/);
  expect((await cluster.client().clusterStatus()).placement).toEqual(before);
});

test('slots are moved by name; paused they stay, cancelled nobody wants them any more', async () => {
  await done('pause-moves');
  expect((await done('move-slots', '--from', '1', '--to', '2', '--slots', '0-299')).stdout).toMatch(/moves are paused/);
  expect((await done('status')).stdout).toMatch(
    /slots 0-299 are wanted from bucket 1 in bucket 2; 300 slots are still to be ordered to move, and moves are paused/,
  );
  await done('resume-moves');
  await waitUntil('the slots have moved', async () => (await slotsPerBucket())[2] === 1_324, { timeoutMs: 600_000, diagnostics: () => cluster.diagnostics() });
  await done('pause-moves');
  await done('move-slots', '--from', '2', '--to', '1', '--slots', '0-299');
  await done('cancel-moves', '--wait');
  expect(await slotsPerBucket()).toEqual({ 1: 724, 2: 1_324, 3: 1_024, 4: 1_024 });
  await isWell();
});

test('a bucket is emptied and retired: its id is used up', async () => {
  expect((await done('retire-bucket', '4', '--wait')).stdout).toMatch(/^bucket 4 is retired once the others have its slots\n/);
  const counts = await slotsPerBucket();
  expect(Object.keys(counts)).toEqual(['1', '2', '3']);
  await done('rebalance', '--wait');
  expect(Object.values(await slotsPerBucket()).sort()).toEqual([1_365, 1_365, 1_366]);
  expect(await refused('add-bucket', '--id', '4')).toMatch(/BUCKET_ID_USED/);
  await done('retire-bucket', '4');
  await isWell();
});
