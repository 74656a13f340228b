/**
 * A payment that its caller gave up while two of three Resource Managers were down: nothing could be prepared or decided. As long as it is
 * open an operator sees it and why; soon after the majority is back it has ended, also in the journal, without anybody asking. On real
 * processes and Redis.
 */
import { waitUntil } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { numberIn } from './harness/names';
import { Bank, entryInRedis } from './testing/bank';

/** Generous, for a machine that is busy; far below the two minutes after which a sweep takes any entry for orphaned. */
const ENDED_TIMEOUT_MS = 60_000;
const DOWN = ['rm2', 'rm3'];

let cluster: Cluster;
let bank: Bank;

beforeAll(async () => {
  cluster = await Cluster.start({ storage: 'servers' });
  bank = new Bank(cluster);
});

afterAll(async () => {
  expect(cluster?.failures() ?? []).toEqual([]);
  await cluster?.stop();
});

test.each([
  ['one bucket', 1],
  ['two buckets', 2],
])('a payment in %s, given up while nothing has a majority: listed while it is open, ended after the majority is back', async (_name, receiving) => {
  const [from, to] = [numberIn(cluster.placement, 1, `payer${receiving}`), numberIn(cluster.placement, receiving, `payee${receiving}`)];
  await bank.open([from, to]);
  const before = await bank.balances([from, to]);
  await Promise.all(DOWN.map((name) => cluster.process(name).kill()));
  const id = bank.mint(from);
  const impatient = cluster.client({ timeoutMs: 4_000 });
  const heard = await bank.pay(from, to, 7n, { id }, impatient).then(
    (result) => result.kind,
    (error: Error) => error.constructor.name,
  );
  expect(['unknown', 'MasCallFailed']).toContain(heard);
  let seen: unknown;
  const diagnostics = (): string => `${JSON.stringify(seen)}\n${cluster.diagnostics()}`;
  await waitUntil(
    'the payment is listed, with the bucket that does not answer',
    async () => {
      seen = await bank.client.undecided().catch((error: unknown) => String(error));
      const { payments = [] } = seen as { readonly payments?: readonly { readonly id: string; readonly home: string }[] };
      return payments.some((payment) => payment.id === id && payment.home.includes('Home bucket 1 does not answer'));
    },
    { timeoutMs: ENDED_TIMEOUT_MS, intervalMs: 200, diagnostics },
  );
  await cluster.whole();
  await waitUntil(
    'its entry has ended and nothing is listed any more',
    async () => {
      const [entry, report] = [await entryInRedis(cluster, id), await bank.client.undecided()];
      seen = { state: entry?.state, payments: report.payments, silent: report.silent };
      return (entry?.state === 'ABORTED' || entry?.state === 'COMMITTED') && report.payments.length + report.transactions.length + report.silent.length === 0;
    },
    { timeoutMs: ENDED_TIMEOUT_MS, intervalMs: 200, diagnostics },
  );
  const view = await bank.client.getPayment({ id });
  expect(view.timeline[0]?.step).toBe('received');
  await bank.settled([from, to]);
  const moved = view.state === 'COMMITTED' ? 7n : 0n;
  expect(await bank.balances([from, to])).toEqual([(before[0] ?? 0n) - moved, (before[1] ?? 0n) + moved]);
});
