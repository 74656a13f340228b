/**
 * The long form of recovery: coordinators killed at every step of the protocol with thirty payments in hand, Resource Managers
 * at every step of theirs; and how long what was in doubt stayed so, as a table.
 */
import { FAILPOINTS, type Failpoint } from '@mas/transaction-coordinator';
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import type { MasProcess } from './harness/mas-process';
import { numberIn } from './harness/names';
import { ms, renderColumns, spread } from './fire/table';
import { Bank, OPENING_MINOR } from './testing/bank';
import { killAt } from './testing/killed-coordinator';
import { Pairs } from './testing/pairs';

const IN_HAND = 30;
const RM_POINTS = ['before-propose', 'after-apply-before-reply', 'before-checkpoint', 'after-checkpoint'];
const MAX_HAND_OVERS = 12;
const DRIVER_POINTS = ['before-deliver', 'before-acknowledge'];

let cluster: Cluster;
let bank: Bank;
let pairs: Pairs;
const table: string[][] = [['killed at', 'in doubt', 'nothing left after']];

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers', tms: 2 });
  bank = new Bank(cluster, cluster.client({ addresses: cluster.addresses().slice(0, 1) }));
  pairs = await Pairs.open(bank, IN_HAND * FAILPOINTS.length + 20);
});

afterEach(() => {
  expect(cluster.failures()).toEqual([]);
});

afterAll(async () => {
  await cluster?.stop();
  process.stdout.write(`\n${renderColumns(table, [2])}\n`);
});

test.each([...FAILPOINTS])('a coordinator killed at %s with thirty payments in hand', async (point: Failpoint) => {
  const killed = await killAt(point, { tm: cluster.process('tm2'), address: cluster.addresses()[1] ?? '' }, cluster, bank, pairs.take(IN_HAND));
  table.push([`coordinator, ${point}`, spread(killed.resolutionsMs), ms(killed.settledMs)]);
});

let armed: MasProcess | null = null;

/** Starts the leader of a bucket again, armed. What an earlier test has armed and left alive is disarmed. */
async function armedLeader(bucket: number, point: string): Promise<MasProcess> {
  if (armed?.running() === true) await armed.kill();
  await cluster.whole();
  const leader = await cluster.leaderOf(bucket, bank.client);
  await leader.stop();
  leader.start({ MAS_FAILPOINT: point });
  await leader.ready();
  armed = leader;
  return leader;
}

test.each(RM_POINTS)('a Resource Manager killed at %s', async (point) => {
  // Round and round over all buckets: whichever of them the armed process comes to lead, it passes its point.
  const [[first, second] = ['', '']] = pairs.take(1);
  const third = numberIn(cluster.placement, 3, `third-${point}-`);
  await bank.open([third]);
  const ring = [first, second, third];
  const victim = await armedLeader(2, point);
  let paid = 0;
  await waitUntil(
    `${victim.name} dies at ${point}`,
    async () => {
      expect((await bank.pay(ring[paid % 3] ?? '', ring[(paid + 1) % 3] ?? '', 1n)).kind).toBe('committed');
      paid += 1;
      return !victim.running();
    },
    { timeoutMs: 60_000, diagnostics: () => victim.logTail() },
  );
  const diedAtMs = performance.now();
  await bank.settled(ring);
  table.push([`resource manager, ${point}`, '', ms(performance.now() - diedAtMs)]);
  const rounds = ring.map((_, at) => BigInt(Math.floor(paid / 3) + (paid % 3 > at ? 1 : 0)));
  expect(await bank.balances(ring)).toEqual(ring.map((_, at) => OPENING_MINOR - (rounds[at] ?? 0n) + (rounds[(at + 2) % 3] ?? 0n)));
});

/** Whoever leads in its place hands over, to one of the two others, until the victim leads. */
async function leadAgain(bucket: number, victim: MasProcess): Promise<void> {
  for (let tries = 0; tries < MAX_HAND_OVERS; tries += 1) {
    const leader = await cluster.leaderOf(bucket, bank.client);
    if (leader === victim) return;
    await leader.stop();
    leader.start();
    await leader.ready();
  }
  throw new Error(`${victim.name} does not lead bucket ${bucket} after ${MAX_HAND_OVERS} hand-overs`);
}

test.each(DRIVER_POINTS)('the home\u2019s leader killed at %s, after its coordinator died with the decision', async (point) => {
  await cluster.whole();
  const [[from, to] = ['', '']] = pairs.take(1);
  const [opening = 0n] = pairs.opening();
  const victim = await armedLeader(1, point);
  await leadAgain(1, victim);
  const tm = cluster.process('tm2');
  await tm.kill();
  tm.start({ MAS_FAILPOINT: 'phase-2:before' });
  await tm.ready();
  const id = bank.mint(from);
  void bank.pay(from, to, 100n, { id }, cluster.client({ addresses: cluster.addresses().slice(1), timeoutMs: 2_000 })).catch(() => null);
  await tm.ended();
  await waitUntil(`${victim.name} dies at ${point}`, () => !victim.running(), { timeoutMs: 30_000, diagnostics: () => victim.logTail() });
  const diedAtMs = performance.now();
  await bank.settled([from, to]);
  table.push([`home's leader, ${point}`, '', ms(performance.now() - diedAtMs)]);
  expect((await bank.pay(from, to, 100n, { id })).kind).toBe('committed');
  expect(await bank.balances([from, to])).toEqual([opening - 100n, opening + 100n]);
});

test('the whole ledger agrees with itself', async () => {
  await cluster.whole();
  expect(await bank.audited()).toBeGreaterThan(2 * IN_HAND * FAILPOINTS.length);
});
