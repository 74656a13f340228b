/**
 * Real processes; the leader of a bucket stands still, or its packets vanish, or only the Transaction Manager does not reach it. Payments that
 * touch the bucket commit while that lasts, before any of them is given up by presumed abort (three seconds).
 */
import { Cluster } from './harness/cluster';
import type { MasProcess } from './harness/mas-process';
import { numbersIn } from './harness/names';
import { Bank } from './testing/bank';

const BUCKET = 1;
const PAYMENTS = 12;

let cluster: Cluster;
let bank: Bank;
/** In the bucket that is struck, and in another one. */
let inside: readonly string[];
let outside: readonly string[];

beforeAll(async () => {
  cluster = await Cluster.start({ proxies: true });
  bank = new Bank(cluster, cluster.client({ timeoutMs: 60_000 }));
  [inside, outside] = [numbersIn(cluster.placement, BUCKET, 'inside', 4), numbersIn(cluster.placement, 2, 'outside', 4)];
  await bank.open([...inside, ...outside]);
});

afterAll(async () => {
  cluster?.links.openAll();
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

/** Payments from and to the bucket, all at once, and each as its caller hears it. */
async function payAll(): Promise<readonly string[]> {
  const heard = Array.from({ length: PAYMENTS }, (_, at) => {
    const [here, there] = [inside[at % inside.length] ?? '', outside[at % outside.length] ?? ''];
    return at % 2 === 0 ? bank.pay(here, there, 1n) : bank.pay(there, here, 1n);
  });
  return (await Promise.all(heard)).map((result) => (result.kind === 'aborted' ? `aborted ${result.reason.name}` : result.kind));
}

const ALL_COMMITTED = Array.from({ length: PAYMENTS }, () => 'committed');

async function strike(begin: (leader: MasProcess) => void, end: (leader: MasProcess) => void): Promise<readonly string[]> {
  const leader = await cluster.leaderOf(BUCKET);
  expect(await payAll()).toEqual(ALL_COMMITTED);
  begin(leader);
  let heard: readonly string[];
  try {
    heard = [...(await payAll()), ...(await payAll())];
  } finally {
    end(leader);
  }
  await bank.settled([...inside, ...outside]);
  return heard;
}

const TWICE = [...ALL_COMMITTED, ...ALL_COMMITTED];
const swallow = { kind: 'black-hole', towardsTarget: true, towardsClient: true } as const;

test('only the Transaction Manager does not reach the leader: the others pass on what it asks', async () => {
  const heard = await strike(
    ({ name }) => cluster.links.get(`tm1>${name}`).set(swallow),
    () => cluster.links.openAll(),
  );
  expect(heard).toEqual(TWICE);
});

test('the leader stands still: the next one is asked as soon as it leads', async () => {
  const heard = await strike(
    (leader) => leader.freeze(),
    (leader) => leader.thaw(),
  );
  expect(heard).toEqual(TWICE);
});

test('packets to and from the leader vanish', async () => {
  const heard = await strike(
    ({ name }) => cluster.links.of(name).forEach((link) => link.set(swallow)),
    () => cluster.links.openAll(),
  );
  expect(heard).toEqual(TWICE);
});

test('money is where it should be', async () => {
  await bank.audited();
  expect(await bank.total([...inside, ...outside])).toBe(10_000n * 8n);
});
