/**
 * Two-phase commit, the happy half, on real processes, a private MariaDB and a private Redis: payments within a bucket
 * and across, many at once over all accounts, and what a clean stop and a restart keep.
 */
import { Cluster } from './harness/cluster';
import { numbersIn } from './harness/names';
import { Bank, OPENING_MINOR } from './testing/bank';

const BUCKETS = [1, 2, 3];
const RING = 200;

let cluster: Cluster;
let bank: Bank;
let ring: readonly string[];

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers' });
  bank = new Bank(cluster);
  const perBucket = BUCKETS.map((bucket) => numbersIn(cluster.placement, bucket, `ring${bucket}-`, 8));
  // Neighbours in the ring live in different buckets.
  ring = Array.from({ length: 8 }, (_, at) => perBucket.map((numbers) => numbers[at] ?? '')).flat();
  await bank.open(ring);
});

afterEach(() => {
  expect(cluster.failures()).toEqual([]);
});

afterAll(async () => {
  await cluster?.stop();
});

test.each([
  ['in one bucket', 1, 1],
  ['across buckets', 1, 2],
  ['across buckets, the other way', 3, 1],
])('a payment %s: committed, both sides right, listed on both with the balance after it', async (_, senderBucket, receiverBucket) => {
  const [sender = '', second = ''] = numbersIn(cluster.placement, senderBucket, `s${senderBucket}${receiverBucket}-`, 2);
  const [other = ''] = numbersIn(cluster.placement, receiverBucket, `r${senderBucket}${receiverBucket}-`, 1);
  const receiver = senderBucket === receiverBucket ? second : other;
  await bank.open([sender, receiver]);
  const result = await bank.pay(sender, receiver, 250n);
  expect(result.kind).toBe('committed');
  expect(await bank.balances([sender, receiver])).toEqual([OPENING_MINOR - 250n, OPENING_MINOR + 250n]);
  await bank.settled([sender, receiver]);
  for (const [account, after] of [
    [sender, OPENING_MINOR - 250n],
    [receiver, OPENING_MINOR + 250n],
  ] as const) {
    const [leg] = (await bank.client.listPayments({ account })).legs;
    expect(leg).toMatchObject({ txn: result.txn, state: 'committed', journal: { seq: 1, balanceAfterMinor: after } });
  }
});

test('200 payments at once in a ring over all buckets: all commit, nobody waits for nobody, the sum is what it was', async () => {
  const results = await Promise.all(Array.from({ length: RING }, (_, at) => bank.pay(ring[at % ring.length] ?? '', ring[(at + 1) % ring.length] ?? '', 10n)));
  expect(results.map((result) => result.kind)).toEqual(Array<string>(RING).fill('committed'));
  expect(await bank.total(ring)).toBe(OPENING_MINOR * BigInt(ring.length));
  // 200 over 24 accounts: the first eight paid, and the eight after them received, once more than the others.
  const balances = await bank.balances(ring);
  expect(balances.map((balance) => balance - OPENING_MINOR)).toEqual(ring.map((_, at) => (at === 0 ? -10n : at === RING % ring.length ? 10n : 0n)));
  await bank.settled(ring);
});

test('A to B against B to A, many at once: no deadlock, and the sum is what it was', async () => {
  const [a = '', b = ''] = ring;
  const before = await bank.balances([a, b]);
  const results = await Promise.all(Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? bank.pay(a, b, 3n) : bank.pay(b, a, 3n))));
  expect(results.every((result) => result.kind === 'committed')).toBe(true);
  expect(await bank.balances([a, b])).toEqual(before);
});

test('the whole ledger agrees with itself', async () => {
  // Two legs of every payment made so far, at least.
  expect(await bank.audited()).toBeGreaterThan(2 * (RING + 60));
});

test('a clean stop: every process hands over and exits 0, payments go on meanwhile, and a restart finds everything', async () => {
  const [a = '', b = ''] = ring;
  const before = await bank.balances(ring);
  const settledId = bank.mint(a);
  const settled = await bank.pay(a, b, 5n, { id: settledId });
  for (const rm of cluster.rms) {
    const stopping = rm.stop();
    // Two of three replicas are left; whoever led hands over before it goes.
    expect((await bank.pay(a, b, 1n)).kind).toBe('committed');
    await stopping;
    expect(rm.exitStatus()).toEqual({ code: 0, signal: null });
    rm.start();
    await rm.ready();
  }
  for (const one of [...cluster.tms, ...cluster.rms]) await one.stop();
  expect([...cluster.tms, ...cluster.rms].map((one) => one.exitStatus()?.code)).toEqual([0, 0, 0, 0]);
  await cluster.whole();
  const moved = 5n + BigInt(cluster.rms.length);
  expect(await bank.balances(ring)).toEqual(before.map((balance, at) => (at === 0 ? balance - moved : at === 1 ? balance + moved : balance)));
  // The same id has the same answer after the restart.
  expect(await bank.pay(a, b, 5n, { id: settledId })).toEqual(settled);
  expect(await bank.audited()).toBeGreaterThan(0);
});
