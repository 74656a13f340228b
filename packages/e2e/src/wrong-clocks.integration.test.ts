/**
 * Clocks that are wrong by an hour, of each Resource Manager and of the Transaction Manager, on real processes: locks and authorizations
 * last what was promised, nobody is refused for it, and whoever looks is told which machine it is.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder, waitUntil, type TempFolder } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { masClient, type Ran } from './harness/command';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { CLOCK_FILE_VARIABLE } from './harness/wrong-clock';

const HOUR_MS = 3_600_000;
const LONG_MS = 240_000;
const LOCK_MS = 6_000;
/** By how much clocks that agree may differ (packages/health). */
const BOUND_MS = 500;
const PRELOAD = join(REPOSITORY_ROOT, 'packages/e2e/dist/harness/wrong-clock.js');

let clocks: TempFolder;
let cluster: Cluster;
let client: ReturnType<Cluster['client']>;

let minted = 0;

const fresh = (): string => `p-${(minted += 1)}`;
const clockOf = (name: string): string => join(clocks.path, name);
const set = (name: string, offMs: number): void => writeFileSync(clockOf(name), String(offMs));

beforeAll(async () => {
  clocks = await tempFolder('mas-clocks');
  cluster = await Cluster.start({
    environmentOf: (name) => {
      set(name, 0);
      return { NODE_OPTIONS: `--require ${PRELOAD}`, [CLOCK_FILE_VARIABLE]: clockOf(name) };
    },
  });
  client = cluster.client();
  for (const number of ['payer', 'payee'])
    await client.createAccount({ id: `open-${number}`, number, openingBalance: { minor: number === 'payer' ? 1_000_000n : 0n } });
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
  await clocks?.remove();
});

const cli = (...args: readonly string[]): Promise<Ran> =>
  masClient(args, { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() });

/** Entries are what moved a bucket's time. */
async function paying<Result>(meanwhile: Promise<Result>): Promise<Result> {
  let isOver = false;
  const over = meanwhile.finally(() => (isOver = true));
  while (!isOver) expect((await client.createPayment({ id: fresh(), from: 'payer', to: 'payee', amount: { minor: 1n } })).kind).toBe('committed');
  return over;
}

test.each(['rm1', 'rm2', 'rm3'])('%s an hour ahead, then behind: a lock lasts what was promised', async (name) => {
  for (const offMs of [HOUR_MS, -HOUR_MS]) {
    // One in each bucket, more or less: whoever leads.
    const ids = Array.from({ length: 6 }, (_, at) => `${name}-${offMs}-${at}`);
    const askedMs = performance.now();
    for (const id of ids) await client.acquireLock({ lockIds: [id], attempts: 1, timeoutMs: LOCK_MS });
    set(name, offMs);
    const taken = ids.map(async (id) => {
      await client.acquireLock({ lockIds: [id], attempts: 1_000, attemptDelayMs: 50, timeoutMs: LOCK_MS });
      return performance.now() - askedMs;
    });
    for (const lastedMs of await paying(Promise.all(taken))) expect(lastedMs).toBeGreaterThanOrEqual(LOCK_MS - BOUND_MS);
    set(name, 0);
  }
});

test('whoever looks is told whose clock it is, and the cluster is healthy', async () => {
  set('rm2', HOUR_MS);
  let ran: Ran | null = null;
  await waitUntil(
    'status names rm-2',
    async () => (ran = await cli('cluster', 'status')).stdout.includes('rm-2 is doubtful (clock): its clock is not what most agree on'),
    { timeoutMs: LONG_MS, diagnostics: () => JSON.stringify(ran) },
  );
  await waitUntil(
    'its log says by how much',
    () =>
      Promise.resolve(
        cluster
          .process('rm2')
          .lines()
          .some(({ msg }) => /the clock of this machine is 3600\.\d s ahead of the time on which most agree/.test(msg)),
      ),
    { timeoutMs: LONG_MS },
  );
  await waitUntil(
    'health is well, and names it',
    async () => (ran = await cli('cluster', 'health')).code === 0 && ran.stdout.includes('rm-2 is doubtful (clock)'),
    { timeoutMs: LONG_MS, diagnostics: () => JSON.stringify(ran) },
  );
  set('rm2', 0);
  await waitUntil('status names nobody', async () => !(ran = await cli('cluster', 'status')).stdout.includes('doubtful (clock)'), {
    timeoutMs: LONG_MS,
    diagnostics: () => JSON.stringify(ran),
  });
});

test.each([
  ['an hour behind', -HOUR_MS],
  ['an hour ahead', HOUR_MS],
])('the Transaction Manager %s: an authorization is good for as long as was asked for', async (_, offMs) => {
  set('tm1', offMs);
  try {
    const authorize = async (expiresInSeconds: number): Promise<string> => {
      const answer = await client.createPayment({
        id: `auth-${offMs}-${expiresInSeconds}`,
        kind: 'authorization',
        from: 'payer',
        amount: { minor: 10n },
        expiresInSeconds,
      });
      expect(answer.kind).toBe('committed');
      return `auth-${offMs}-${expiresInSeconds}`;
    };
    const [long, short] = [await authorize(600), await authorize(2)];
    expect((await client.createPayment({ id: fresh(), kind: 'capture', referenceId: long, to: 'payee', amount: { minor: 10n } })).kind).toBe('committed');
    await waitUntil(
      'the short one has expired',
      async () => (await client.createPayment({ id: fresh(), kind: 'capture', referenceId: short, to: 'payee', amount: { minor: 10n } })).kind !== 'committed',
      { timeoutMs: LONG_MS },
    );
  } finally {
    set('tm1', 0);
  }
});
