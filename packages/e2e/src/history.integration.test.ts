/**
 * ListPayments, as a table: both directions, pages of every size, every state, every kind of time range, against the books of
 * what was paid; and that pages stay in step while the list grows. On real processes, MariaDB and Redis. Four Resource
 * Managers, four buckets of three replicas each: with RM 1 and RM 4 away, bucket 1 keeps a majority and bucket 3 has none.
 */
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { numberIn } from './harness/names';
import { Bank, OPENING_MINOR } from './testing/bank';

type State = 'PENDING' | 'COMMITTED' | 'ABORTED';
interface Entry {
  readonly id: string;
  readonly state: State;
  readonly atMs: number;
}

const ROUNDS = 4;
const PAGE_SIZES = [1, 3, 5, 500];
const STATES = [undefined, 'COMMITTED', 'ABORTED', 'PENDING'] as const;
const DIRECTIONS = ['newest-first', 'oldest-first'] as const;
const MAX_PAGES = 100;

let cluster: Cluster;
let bank: Bank;
let busy: string;
/** Of the busy account, oldest first. */
const books: Entry[] = [];

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers', rms: 4, buckets: 4, tms: 2 });
  bank = new Bank(cluster, cluster.client({ addresses: cluster.addresses().slice(0, 1) }));
  busy = numberIn(cluster.placement, 1, 'busy');
  const [beside, remote] = [numberIn(cluster.placement, 1, 'beside'), numberIn(cluster.placement, 2, 'remote')];
  await bank.open([busy, beside, remote]);
  for (let round = 0; round < ROUNDS; round += 1) {
    // As payer and as payee, in one bucket and across, committed and refused at its own end.
    await paid(busy, remote, 1n);
    await paid(remote, busy, 2n);
    await paid(busy, beside, OPENING_MINOR * 9n);
    await paid(beside, busy, 3n);
    await paid(busy, remote, OPENING_MINOR * 9n);
  }
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

async function paid(from: string, to: string, minor: bigint): Promise<void> {
  const id = bank.mint(from);
  const result = await bank.pay(from, to, minor, { id });
  if (result.kind === 'unknown') throw new Error(`${id} is unknown`);
  await bank.settled([from, to]);
  const { legs } = await bank.client.listPayments({ account: busy, pageSize: 1 });
  books.push({ id, state: result.kind === 'committed' ? 'COMMITTED' : 'ABORTED', atMs: legs[0]?.preparedAtMs ?? 0 });
}

interface Query {
  readonly account: string;
  readonly direction: (typeof DIRECTIONS)[number];
  readonly state?: State;
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** All pages, each of the promised size. */
async function pages(query: Query, pageSize: number, between: () => Promise<void> = () => Promise.resolve()): Promise<readonly string[]> {
  const listed: string[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { legs, nextCursor } = await bank.client.listPayments({ ...query, pageSize, ...(pageToken === undefined ? {} : { pageToken }) });
    if (nextCursor !== null) expect(legs).toHaveLength(pageSize);
    listed.push(...legs.map((leg) => `${leg.key.slice(leg.key.indexOf('\0') + 1)} ${leg.state === 'prepared' ? 'PENDING' : leg.state.toUpperCase()}`));
    if (nextCursor === null) return listed;
    pageToken = nextCursor;
    await between();
  }
  throw new Error(`more than ${MAX_PAGES} pages`);
}

/** What the books say, in the order asked for. */
function expected({ direction, state, fromMs = 0, untilMs = Number.MAX_SAFE_INTEGER }: Query): readonly string[] {
  const found = books.filter((entry) => (state === undefined || entry.state === state) && entry.atMs >= fromMs && entry.atMs < untilMs);
  return (direction === 'oldest-first' ? found : found.reverse()).map((entry) => `${entry.id} ${entry.state}`);
}

const at = (position: number): number => books.at(position)?.atMs ?? 0;
const RANGES: readonly (readonly [string, () => { readonly fromMs?: number; readonly untilMs?: number }])[] = [
  ['all of its time', () => ({})],
  ['from the seventh on, which is included', () => ({ fromMs: at(6) })],
  ['until the seventh, which is not', () => ({ untilMs: at(6) })],
  ['from the fourth until the fifteenth', () => ({ fromMs: at(3), untilMs: at(14) })],
  ['one instant', () => ({ fromMs: at(9), untilMs: at(9) + 1 })],
  ['before anything was', () => ({ untilMs: at(0) })],
  ['after everything', () => ({ fromMs: at(-1) + 1 })],
  ['an empty range', () => ({ fromMs: at(9), untilMs: at(9) })],
];

test('the books hold what the table needs', () => {
  expect([books.length, books.filter((entry) => entry.state === 'ABORTED').length]).toEqual([5 * ROUNDS, 2 * ROUNDS]);
  expect(new Set(books.map((entry) => entry.id)).size).toBe(books.length);
  expect(books.every((entry, i) => i === 0 || entry.atMs >= at(i - 1))).toBe(true);
});

describe.each(DIRECTIONS)('%s', (direction) => {
  describe.each(STATES)('state %s', (state) => {
    test.each(RANGES)('%s', async (_, range) => {
      const query: Query = { account: busy, direction, ...(state === undefined ? {} : { state }), ...range() };
      for (const size of PAGE_SIZES) expect({ size, listed: await pages(query, size) }).toEqual({ size, listed: expected(query) });
    });
  });
});

test.each(DIRECTIONS)('%s: payments that come between two pages neither repeat nor hide an older one', async (direction) => {
  const query: Query = { account: busy, direction };
  const before = expected(query);
  const other = numberIn(cluster.placement, 1, 'beside');
  let added = 0;
  const listed = await pages(query, 4, async () => {
    if (added < 2) await paid(busy, other, 1n);
    added += 1;
  });
  const all = expected(query);
  expect(all).toHaveLength(before.length + 2);
  expect(listed).toEqual(direction === 'oldest-first' ? all : before);
});

test('what is prepared and not decided is listed as PENDING, with its amount and without a balance, until it has ended', async () => {
  const payer = numberIn(cluster.placement, 3, 'payer');
  await bank.open([payer]);
  const tm = cluster.process('tm2');
  await tm.kill();
  // Dies with the promise in hand.
  tm.start({ MAS_FAILPOINT: 'decide:before' });
  await tm.ready();
  // The leg's leader asks the home soon: until it is whole again, the home cannot answer.
  const away = [cluster.process('rm1'), cluster.process('rm4')];
  await Promise.all(away.map((rm) => rm.kill()));
  const id = bank.mint(payer);
  const paying = bank.pay(payer, busy, 7n, { id }, cluster.client({ addresses: cluster.addresses().slice(1) })).catch(() => null);
  await tm.ended();
  const { legs } = await bank.client.listPayments({ account: busy, state: 'PENDING' });
  expect(legs).toMatchObject([{ state: 'prepared', spec: { effect: 'credit', amountMinor: 7n }, journal: null, endedAtMs: null }]);
  for (const rm of away) rm.start();
  await waitUntil('the payment has ended', async () => (await bank.client.listPayments({ account: busy, state: 'PENDING' })).legs.length === 0);
  await paying;
  const [ended] = (await bank.client.listPayments({ account: busy, pageSize: 1 })).legs;
  expect(ended).toMatchObject({ state: 'aborted', reason: { name: 'ABANDONED' } });
});
