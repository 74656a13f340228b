/**
 * Buckets come and go in a cluster that pays (docs/adr/0031, docs/adr/0032), by the commands that an operator types: added, filled, emptied and retired. No payment fails for
 * it, what cannot be is refused by name, and in the end the audit agrees.
 */
import { countSlots } from '@mas/placement';
import { waitUntil } from '@mas/test-servers';
import type { Cluster } from './harness/cluster';
import { PayingCluster } from './testing/paying-cluster';

let paying: PayingCluster;
let cluster: Cluster;

beforeAll(async () => {
  paying = await PayingCluster.start({ rms: 3, tms: 2, buckets: 3 }, 12);
  ({ cluster } = paying);
});

afterAll(() => paying?.stop());

async function slotsPerBucket(): Promise<Readonly<Record<number, number>>> {
  const { placement } = await cluster.client().clusterStatus();
  return Object.fromEntries(placement.buckets.map(({ bucket, slots }) => [bucket, countSlots(slots)]));
}

test('a fourth bucket is added; said again, it is there', async () => {
  expect((await paying.done('add-bucket', '--dry-run')).stdout).toMatch(/nothing was changed: the next bucket is 4/);
  expect((await paying.done('add-bucket', '--id', '4', '--wait')).stdout).toMatch(
    /^bucket 4 is added, on rm-\d, rm-\d, rm-\d\nnothing is under way any more\n$/,
  );
  await paying.done('add-bucket', '--id', '4');
  expect(await slotsPerBucket()).toEqual({ 1: 1_365, 2: 1_365, 3: 1_366, 4: 0 });
});

test('a rebalance says what moves, and gives it its share', async () => {
  expect((await paying.done('rebalance', '--dry-run')).stdout).toMatch(
    /^nothing was changed\n(slots \d+-\d+: bucket [123] \u2192 bucket 4\n)+1024 slots in \d+ moves: about \d+ accounts and \d+ rows, \d+ s of copying\n$/,
  );
  const { stdout, stderr } = await paying.done('rebalance', '--wait', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ waited: true, underWay: [] });
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly progress: { readonly slotsTotal: number } });
  expect(events[0]?.progress).toMatchObject({ slotsTotal: 1_024, underWay: expect.any(Array) as unknown });
  expect(await slotsPerBucket()).toEqual({ 1: 1_024, 2: 1_024, 3: 1_024, 4: 1_024 });
  await paying.isWell();
});

test('what cannot be is refused by name, and nothing has changed', async () => {
  const before = (await cluster.client().clusterStatus()).placement;
  expect(await paying.refused('add-bucket', '--id', '7')).toMatch(/BUCKET_ID_NOT_NEXT/);
  expect(await paying.refused('add-bucket', '--replicas', '1,2')).toMatch(/REPLICAS_INVALID/);
  expect(await paying.refused('add-bucket', '--replicas', '1,2,9')).toMatch(/UNKNOWN_NODE/);
  expect(await paying.refused('move-slots', '--from', '1', '--to', '9', '--slots', '0-9')).toMatch(/UNKNOWN_BUCKET/);
  expect(await paying.refused('move-slots', '--from', '1', '--to', '2', '--slots', '0-4095')).toMatch(/SLOTS_ELSEWHERE/);
  expect(await paying.refused('move-slots', '--from', '1', '--to', '1', '--slots', '0-9')).toMatch(/SAME_BUCKET/);
  expect(await paying.refused('retire-bucket', '9')).toMatch(/UNKNOWN_BUCKET/);
  expect((await cluster.client().clusterStatus()).placement).toEqual(before);
});

test('slots are moved by name; paused they stay, cancelled nobody wants them any more', async () => {
  await paying.done('pause-moves');
  expect((await paying.done('move-slots', '--from', '1', '--to', '2', '--slots', '0-299')).stdout).toMatch(/moves are paused/);
  expect((await paying.done('status')).stdout).toMatch(
    /slots 0-299 are wanted from bucket 1 in bucket 2; 300 slots are still to be ordered to move, and moves are paused/,
  );
  await paying.done('resume-moves');
  await waitUntil('the slots have moved', async () => (await slotsPerBucket())[2] === 1_324, { timeoutMs: 600_000, diagnostics: () => cluster.diagnostics() });
  await paying.done('pause-moves');
  await paying.done('move-slots', '--from', '2', '--to', '1', '--slots', '0-299');
  await paying.done('cancel-moves', '--wait');
  expect(await slotsPerBucket()).toEqual({ 1: 724, 2: 1_324, 3: 1_024, 4: 1_024 });
  await paying.isWell();
});

test('a bucket is emptied and retired: its id is used up', async () => {
  expect((await paying.done('retire-bucket', '4', '--wait')).stdout).toMatch(/^bucket 4 is retired once the others have its slots\n/);
  const counts = await slotsPerBucket();
  expect(Object.keys(counts)).toEqual(['1', '2', '3']);
  await paying.done('rebalance', '--wait');
  expect(Object.values(await slotsPerBucket()).sort()).toEqual([1_365, 1_365, 1_366]);
  expect(await paying.refused('add-bucket', '--id', '4')).toMatch(/BUCKET_ID_USED/);
  await paying.done('retire-bucket', '4');
  await paying.isWell();
});
