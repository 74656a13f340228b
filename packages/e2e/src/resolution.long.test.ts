/**
 * How long payments take to end that are in hand when somebody dies: sixty-four callers that never stop, one kind of death after
 * the other, and of every payment without an answer at that moment the time from the death until it has one, asked for under its
 * id. What nobody can go on without is started again at once; the time that this takes counts. Coordinators at each step of the
 * protocol are in recovery.long.test.ts.
 */
import type { MasClient } from '@mas/client';
import { Cluster } from './harness/cluster';
import type { MasProcess } from './harness/mas-process';
import { redisCommand } from './harness/redis-command';
import { DoubtWatch } from './fire/doubt-watch';
import { ms, renderColumns, spread } from './fire/table';
import { Bank, OPENING_MINOR } from './testing/bank';
import { Pairs } from './testing/pairs';

const CALLERS = 64;
const ENOUGH = 30;
const PROMISE_MS = 10_000;
const WARM_PAYMENTS = 500;
/** Short, so that a caller whose coordinator has died asks the other one soon. */
const CALL_TIMEOUT_MS = 2_000;

let cluster: Cluster;
let observer: Bank;
let pairs: readonly (readonly [string, string])[];
let client: MasClient;
const table: string[][] = [['what died', 'payments in hand', 'answered after', 'legs in doubt', 'nothing left after']];

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers', tms: 2 });
  observer = new Bank(cluster, cluster.client({ timeoutMs: 30_000 }));
  client = cluster.client({ timeoutMs: CALL_TIMEOUT_MS });
  pairs = (await Pairs.open(observer, CALLERS)).take(CALLERS);
});

afterEach(() => {
  expect(cluster.failures()).toEqual([]);
});

afterAll(async () => {
  await cluster?.stop();
  process.stdout.write(`\n${renderColumns(table, [1, 4])}\n`);
});

interface Paid {
  readonly begunMs: number;
  answeredMs: number | null;
}

/** Each pays back and forth, one payment at a time, and asks for every one until it has an answer. */
class Callers {
  readonly payments: Paid[] = [];
  private stopped = false;
  private readonly running: Promise<unknown>;

  constructor() {
    this.running = Promise.all(pairs.map((pair) => this.run(pair)));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Those without an answer at that moment. */
  inHand(atMs: number): readonly Paid[] {
    return this.payments.filter((paid) => paid.begunMs < atMs && (paid.answeredMs === null || paid.answeredMs > atMs));
  }

  private async run([one, other]: readonly [string, string]): Promise<void> {
    for (let turn = 0; !this.stopped; turn += 1) {
      const [from, to] = turn % 2 === 0 ? [one, other] : [other, one];
      const id = observer.mint(from);
      const paid: Paid = { begunMs: performance.now(), answeredMs: null };
      this.payments.push(paid);
      // Aborted is an answer as well: the participants have resolved what a coordinator had left.
      while (((await observer.pay(from, to, 1n, { id }, client).catch(() => null))?.kind ?? 'unknown') === 'unknown');
      paid.answeredMs = performance.now();
    }
  }
}

interface Death {
  readonly what: string;
  readonly strike: () => Promise<unknown>;
}

const leader = (bucket = 1): ReturnType<Cluster['leaderOf']> => cluster.leaderOf(bucket, observer.client);
/** Of bucket 1, and of all others if there is one that leads none. */
async function follower(): Promise<MasProcess> {
  const [first, ...others] = await Promise.all([leader(1), leader(2), leader(3)]);
  const followers = cluster.rms.filter((rm) => rm !== first);
  return followers.find((rm) => !others.includes(rm)) ?? followers[0] ?? first;
}
const sql = (): NonNullable<Cluster['sql']> => cluster.sql ?? missing('SQL server');
const redis = (): NonNullable<Cluster['redis']> => cluster.redis ?? missing('Redis');

const DEATHS: readonly Death[] = [
  { what: 'one coordinator of two', strike: () => cluster.process('tm1').kill() },
  { what: 'the Resource Manager that leads a bucket', strike: async () => (await leader()).kill() },
  { what: 'a Resource Manager that follows', strike: async () => (await follower()).kill() },
  { what: 'all Resource Managers (killed and started again)', strike: () => Promise.all(cluster.rms.map((rm) => rm.kill().then(() => rm.start()))) },
  {
    what: 'Redis (killed and started again)',
    strike: () =>
      redis()
        .kill()
        .then(() => redis().restart()),
  },
  { what: 'what Redis knew (FLUSHALL)', strike: () => redisCommand(redis().port, 'FLUSHALL') },
  { what: 'the SQL server (restarted in order)', strike: () => sql().restart() },
  {
    what: 'the SQL server (killed and started again)',
    strike: () =>
      sql()
        .kill()
        .then(() => sql().restart()),
  },
];

test.each(DEATHS)('$what', async ({ what, strike }) => {
  await cluster.whole();
  const callers = new Callers();
  const doubts = new DoubtWatch(observer.client);
  const inHand: Paid[] = [];
  const times: number[] = [];
  let struckMs = 0;
  try {
    await until(() => callers.payments.length >= WARM_PAYMENTS);
    doubts.start();
    struckMs = performance.now();
    inHand.push(...callers.inHand(struckMs));
    await strike();
    // And what was begun while it died.
    inHand.push(...callers.inHand(performance.now()).filter((paid) => !inHand.includes(paid)));
    await until(() => inHand.every((paid) => paid.answeredMs !== null));
    times.push(...inHand.map((paid) => Math.max(0, (paid.answeredMs ?? 0) - Math.max(struckMs, paid.begunMs))));
  } finally {
    await callers.stop();
  }
  await cluster.whole();
  await observer.settled(pairs.flat(), PROMISE_MS);
  await doubts.stop();
  const inDoubt = doubts.resolutionsMs(struckMs, struckMs, true);
  table.push([what, String(inHand.length), spread(times), spread(inDoubt), ms(Math.max(0, ...inDoubt, ...times))]);
  expect(inHand.length).toBeGreaterThanOrEqual(ENOUGH);
  expect(Math.max(...times, ...inDoubt)).toBeLessThanOrEqual(PROMISE_MS);
  // Nothing moves any more, so that two reads are as good as one.
  expect((await observer.total(pairs.map(([one]) => one))) + (await observer.total(pairs.map(([, other]) => other)))).toBe(BigInt(2 * CALLERS) * OPENING_MINOR);
});

test('the whole ledger agrees with itself', async () => {
  await cluster.whole();
  expect(await observer.audited()).toBeGreaterThan(WARM_PAYMENTS);
});

const POLL_MS = 20;
const PATIENCE_MS = 90_000;

async function until(condition: () => boolean): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; !condition(); ) {
    if (performance.now() > endMs) throw new Error(`not within ${PATIENCE_MS} ms\n${cluster.diagnostics()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function missing(what: string): never {
  throw new Error(`this cluster has no ${what}`);
}
