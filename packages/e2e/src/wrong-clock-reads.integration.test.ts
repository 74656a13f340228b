/**
 * Reads at one moment, of a moment that was read before, and audits, on real processes, while the clock of each Resource Manager in turn is wrong by an
 * hour and payments run: every read shows all the money, the same moment always the same of it, and no audit finds a difference.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { CLOCK_FILE_VARIABLE } from './harness/wrong-clock';

const HOUR_MS = 3_600_000;
const LONG_MS = 240_000;
const OPENING_MINOR = 10_000n;
const READS = 15;
const PAYERS = 3;
const PRELOAD = join(REPOSITORY_ROOT, 'packages/e2e/dist/harness/wrong-clock.js');
/** So many that every bucket has some. */
const NUMBERS = Array.from({ length: 12 }, (_, at) => `clock-${at}`);
const WHOLE_MINOR = OPENING_MINOR * BigInt(NUMBERS.length);

interface Seen {
  readonly momentUs: number;
  readonly balances: readonly bigint[];
}

let clocks: TempFolder;
let cluster: Cluster;
let client: ReturnType<Cluster['client']>;
let minted = 0;
/** What was read at all moments so far. */
const seen: Seen[] = [];

const set = (name: string, offMs: number): void => writeFileSync(join(clocks.path, name), String(offMs));
const sumOf = (balances: readonly bigint[]): bigint => balances.reduce((sum, each) => sum + each, 0n);

beforeAll(async () => {
  clocks = await tempFolder('mas-clocks');
  cluster = await Cluster.start({
    environmentOf: (name) => {
      set(name, 0);
      return { NODE_OPTIONS: `--require ${PRELOAD}`, [CLOCK_FILE_VARIABLE]: join(clocks.path, name) };
    },
  });
  client = cluster.client();
  for (const number of NUMBERS) await client.createAccount({ id: `open-${number}`, number, openingBalance: { minor: OPENING_MINOR } });
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
  await clocks?.remove();
});

/** Across buckets and within them, by a few callers, until `meanwhile` is over. */
async function paying<Result>(meanwhile: Promise<Result>): Promise<Result> {
  let isOver = false;
  const over = meanwhile.finally(() => (isOver = true));
  const pay = async (): Promise<void> => {
    while (!isOver) {
      const n = (minted += 1);
      const [from, to] = [NUMBERS[n % NUMBERS.length], NUMBERS[(n * 5 + 1) % NUMBERS.length]];
      if (from !== undefined && to !== undefined && from !== to)
        expect((await client.createPayment({ id: `p-${n}`, from, to, amount: { minor: 1n } })).kind).toBe('committed');
    }
  };
  const [result] = await Promise.all([over, ...Array.from({ length: PAYERS }, pay)]);
  return result;
}

async function readAll(atUs: number | null): Promise<Seen> {
  const views = await client.getAccounts(NUMBERS, 'committed', atUs);
  const moments = new Set(views.map(({ momentUs }) => momentUs));
  expect(moments.size).toBe(1);
  return { momentUs: views[0]?.momentUs ?? 0, balances: views.map(({ balanceMinor }) => balanceMinor) };
}

async function read(): Promise<void> {
  for (let n = 0; n < READS; n += 1) {
    const now = await readAll(null);
    expect(sumOf(now.balances)).toBe(WHOLE_MINOR);
    expect(now.momentUs).toBeGreaterThan(seen.at(-1)?.momentUs ?? 0);
    // The agreed time, whoever's clock is wrong: this machine's is not.
    expect(Math.abs(now.momentUs / 1_000 - Date.now())).toBeLessThan(60_000);
    seen.push(now);
    for (const earlier of [now, seen[0], seen[Math.floor(seen.length / 2)]])
      if (earlier !== undefined) expect(await readAll(earlier.momentUs)).toEqual(earlier);
  }
}

async function audited(): Promise<void> {
  let report: unknown = null;
  await waitUntil(
    'an audit compares everything and finds no difference',
    async () => {
      const { checks, totals, incomplete, consistent } = await client.audit({ isFull: true });
      report = { checks, incomplete };
      expect(checks.flatMap(({ differences }) => differences)).toEqual([]);
      for (const { issuedMinor, balancesMinor } of totals) expect(balancesMinor).toBe(issuedMinor);
      return consistent;
    },
    { timeoutMs: LONG_MS, diagnostics: () => JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) },
  );
}

test.each(['rm1', 'rm2', 'rm3'].flatMap((name) => [[name, 'ahead', HOUR_MS] as const, [name, 'behind', -HOUR_MS] as const]))(
  '%s an hour %s: reads at one moment, and of moments read before, and an audit',
  async (name, _, offMs) => {
    set(name, offMs);
    try {
      await paying(read().then(audited));
    } finally {
      set(name, 0);
    }
    await paying(read());
  },
);

test('a process that comes back with its clock an hour ahead gives the moments that were read before, from its rows', async () => {
  const one = cluster.process('rm2');
  await one.kill();
  set('rm2', HOUR_MS);
  try {
    await cluster.whole();
    for (const earlier of seen.filter((_, at) => at % 10 === 0)) expect(await readAll(earlier.momentUs)).toEqual(earlier);
    await paying(read());
  } finally {
    set('rm2', 0);
  }
  await audited();
});
