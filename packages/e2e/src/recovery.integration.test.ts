/**
 * Whoever dies, a payment ends within seconds, once, and both sides agree: coordinators killed at exact steps, Resource
 * Managers killed at exact steps, Redis emptied, two coordinators of which one dies under load. The long form of this file
 * goes through every step.
 */
import type { Failpoint } from '@mas/transaction-coordinator';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { redisCommand } from './harness/redis-command';
import { ms, renderColumns } from './fire/table';
import { Bank, PATIENT_WITH_REDIS } from './testing/bank';
import { killAt, type Killed } from './testing/killed-coordinator';
import { Pairs } from './testing/pairs';

/** Three at a time, each with a Transaction Manager of its own to kill. */
const ROUNDS: readonly (readonly Failpoint[])[] = [
  ['begin:after', 'prepare:after', 'decide:before'],
  ['decide:after', 'phase-2:before', 'lock:after'],
];
const RM_POINTS = ['after-apply-before-reply', 'after-checkpoint'];
const UNDER_LOAD = 120;

let cluster: Cluster;
let bank: Bank;
let pairs: Pairs;
const killed: Killed[] = [];

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers', tms: 4, environment: PATIENT_WITH_REDIS });
  // The first TM watches and is not killed; the others are victims.
  bank = new Bank(cluster, cluster.client({ addresses: cluster.addresses().slice(0, 1) }));
  pairs = await Pairs.open(bank, 40);
});

afterEach(() => {
  expect(cluster.failures()).toEqual([]);
});

afterAll(async () => {
  await cluster?.stop();
  if (killed.length > 0)
    process.stdout.write(
      `\n${renderColumns([['coordinator killed at', 'nothing left after'], ...killed.map(({ point, settledMs }) => [point, ms(settledMs)])], [1])}\n`,
    );
});

test.each(ROUNDS)('a coordinator killed at %s; another at %s; a third at %s', async (...points) => {
  const victims = cluster.tms.slice(1).map((tm, at) => ({ tm, address: cluster.addresses()[at + 1] ?? '' }));
  const results = await Promise.all(
    points.flatMap((point, at) => (victims[at] === undefined ? [] : [killAt(point, victims[at], cluster, bank, pairs.take(1))])),
  );
  killed.push(...results);
});

test('one coordinator of two killed under load: nobody asks more than twice, and nothing is lost', async () => {
  await cluster.whole();
  const [watching = '', dying = ''] = cluster.addresses();
  const [first, second] = [cluster.client({ addresses: [dying], timeoutMs: 2_000 }), cluster.client({ addresses: [watching], timeoutMs: 60_000 })];
  const chosen = pairs.take(6);
  let asked = 0;
  const pay = async (at: number): Promise<{ readonly kind: string; readonly calls: number }> => {
    const [from = '', to = ''] = chosen[at % chosen.length] ?? [];
    const id = bank.mint(from);
    asked += 1;
    if (asked === UNDER_LOAD / 2) await cluster.process('tm2').kill();
    const once = await bank.pay(from, to, 1n, { id }, first).catch(() => null);
    if (once !== null && once.kind !== 'unknown') return { kind: once.kind, calls: 1 };
    return { kind: (await bank.pay(from, to, 1n, { id }, second)).kind, calls: 2 };
  };
  const results = await Promise.all(Array.from({ length: UNDER_LOAD }, (_, at) => pay(at)));
  // Aborted only where the death left a prepared leg and its home was asked first; never unknown, never an error.
  expect(results.every((result) => result.kind === 'committed' || result.kind === 'aborted')).toBe(true);
  expect(results.some((result) => result.calls === 2)).toBe(true);
  const committed = (from: number): bigint => BigInt(results.filter((result, at) => at % chosen.length === from && result.kind === 'committed').length);
  await bank.settled(chosen.flat());
  for (const [at, [from, to]] of chosen.entries())
    expect(await bank.balances([from, to])).toEqual(pairs.opening().map((opening, side) => opening + (side === 0 ? -committed(at) : committed(at))));
});

test.each(RM_POINTS)('the Resource Manager that leads the receiver\u2019s bucket killed at %s: the payment commits on the others', async (point) => {
  await cluster.whole();
  const [[from, to] = ['', '']] = pairs.take(1);
  const before = await cluster.leaderOf(2, bank.client);
  await before.stop();
  before.start({ MAS_FAILPOINT: point });
  await before.ready();
  let paid = 0n;
  await waitUntil(
    `${before.name} dies at ${point}`,
    async () => {
      const result = await bank.pay(from, to, 1n);
      if (result.kind !== 'committed') throw new Error(`not committed: ${JSON.stringify(result.kind)}`);
      paid += 1n;
      return !before.running();
    },
    { timeoutMs: 180_000, diagnostics: () => before.logTail() },
  );
  expect(before.exitStatus()).toEqual({ code: null, signal: 'SIGKILL' });
  await bank.settled([from, to]);
  const [opening = 0n] = pairs.opening();
  expect(await bank.balances([from, to])).toEqual([opening - paid, opening + paid]);
  before.start();
  await before.ready();
});

test('Redis emptied between question and repetition: the same answer, from the buckets; and Redis fills again', async () => {
  await cluster.whole();
  const port = cluster.redis?.port ?? 0;
  const [[from, to] = ['', '']] = pairs.take(1);
  const [paidId, refusedId] = [bank.mint(from), bank.mint(from)];
  const paid = await bank.pay(from, to, 10n, { id: paidId });
  const refused = await bank.pay(from, to, 10n ** 9n, { id: refusedId });
  expect([paid.kind, refused.kind]).toEqual(['committed', 'aborted']);
  await bank.settled([from, to]);
  await redisCommand(port, 'FLUSHALL');
  expect(await bank.pay(from, to, 10n, { id: paidId })).toEqual(paid);
  expect(await bank.pay(from, to, 10n ** 9n, { id: refusedId })).toEqual(refused);
  expect((await bank.client.getPayment({ id: paidId })).state).toBe('COMMITTED');
  expect((await bank.pay(from, to, 10n)).kind).toBe('committed');
  await waitUntil('Redis holds entries again', async () => Number((await redisCommand(port, 'DBSIZE')).slice(1)) > 0);
});

test('an exclusive lock outlives Redis: it is a row in its bucket', async () => {
  const port = cluster.redis?.port ?? 0;
  const [[from, to] = ['', '']] = pairs.take(1);
  const { handle, locks } = await bank.client.acquireLock({ lockIds: [from], timeoutMs: 300_000 });
  await redisCommand(port, 'FLUSHALL');
  const blocked = bank.pay(from, to, 1n, {}, cluster.client({ timeoutMs: 8_000, addresses: cluster.addresses().slice(0, 1) }));
  expect(await blocked).toMatchObject({ kind: 'aborted', reason: { name: expect.stringMatching(/LOCK_TIMEOUT|DEADLINE_EXCEEDED/) as string } });
  await bank.client.releaseLock([from], handle);
  expect((await bank.pay(from, to, 1n)).kind).toBe('committed');
  // Fencing tokens never go back, not even when Redis has forgotten everything.
  const again = await bank.client.acquireLock({ lockIds: [from] });
  expect(again.locks[0]?.token ?? 0).toBeGreaterThan(locks[0]?.token ?? 0);
  await bank.client.releaseLock([from], again.handle);
});

test('the whole ledger agrees with itself', async () => {
  await cluster.whole();
  expect(await bank.audited()).toBeGreaterThan(2 * UNDER_LOAD);
});
