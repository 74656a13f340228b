/** A real Prometheus with the alert rules of deploy/ watches a running cluster: what dies sets its alert off, and what comes back ends it. */
import { join } from 'node:path';
import { freePort, startPrometheus, waitUntil, type TestServer } from '@mas/test-servers';
import { Cluster } from './harness/cluster';
import { REPOSITORY_ROOT } from './harness/mas-process';
import { Bank } from './testing/bank';
import { Pairs } from './testing/pairs';

const NAMES = ['rm1', 'rm2', 'rm3', 'tm1'];
/** The longest that an alert here waits before it fires is 30 s; the rest is a busy machine. */
const FIRES = { timeoutMs: 180_000 };

let cluster: Cluster;
let prometheus: TestServer;
const addresses = new Map<string, string>();

beforeAll(async () => {
  for (const name of NAMES) addresses.set(name, `localhost:${await freePort()}`);
  cluster = await Cluster.start({ environmentOf: (name) => ({ MAS_METRICS_LISTEN: addresses.get(name) ?? 'none' }) });
  prometheus = await startPrometheus({ targets: [...addresses.values()], ruleFiles: [join(REPOSITORY_ROOT, 'deploy/prometheus/alerts.yml')] });
});

afterAll(async () => {
  await prometheus?.stop();
  await cluster?.stop();
});

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function query(expression: string): Promise<readonly Series[]> {
  const response = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await response.json()) as { readonly data: { readonly result: readonly Series[] } };
  return data.result;
}

/** `name label` of all that fire now, critical ones or all. */
async function firing(labels = ''): Promise<readonly string[]> {
  const found = await query(`ALERTS{alertstate="firing"${labels}}`);
  return found.map(({ metric: { alertname, instance, bucket } }) => `${alertname} ${instance ?? `bucket ${bucket ?? ''}`}`).sort();
}

const critical = (): Promise<readonly string[]> => firing(', severity="critical"');

async function until(what: string, look: () => Promise<readonly string[]>, isThere: (seen: readonly string[]) => boolean): Promise<readonly string[]> {
  let seen: readonly string[] = [];
  await waitUntil(
    what,
    async () => {
      seen = await look();
      return isThere(seen);
    },
    { ...FIRES, diagnostics: () => `${seen.join(', ')}\n${prometheus.logTail()}` },
  );
  return seen;
}

test('a cluster that is well: all four are read, and nothing critical fires', async () => {
  const up = (): Promise<readonly string[]> => query('up == 1').then((found) => found.map(({ metric }) => metric['instance'] ?? ''));
  await until('all are read', up, (seen) => seen.length === NAMES.length);
  expect(await critical()).toEqual([]);
  expect((await fetch(`http://${addresses.get('rm1')}/readyz`)).status).toBe(200);
});

test('payments are counted by outcome and reason, with the time of their steps', async () => {
  const bank = new Bank(cluster, cluster.client());
  const [[from = '', to = ''] = []] = (await Pairs.open(bank, 1)).take(1);
  expect((await bank.pay(from, to, 1n)).kind).toBe('committed');
  expect((await bank.pay(from, to, 10n ** 15n)).kind).toBe('aborted');
  const counted = (): Promise<readonly string[]> =>
    query('mas_payments_total > 0').then((found) => found.map(({ metric }) => `${metric['outcome']} ${metric['reason'] ?? ''}`.trim()).sort());
  expect(await until('both are counted', counted, (seen) => seen.length === 2)).toEqual(['aborted INSUFFICIENT_FUNDS', 'committed']);
  const [answers] = await query('mas_payment_step_duration_seconds_count{step="answer"}');
  expect(Number(answers?.value[1])).toBeGreaterThanOrEqual(2);
});

test('a killed Resource Manager sets off its alert and no other critical one; started again, it ends', async () => {
  await cluster.process('rm3').kill();
  const alert = `MasProcessDown ${addresses.get('rm3')}`;
  expect(await until('its alert fires', critical, (seen) => seen.includes(alert))).toEqual([alert]);
  await cluster.whole();
  await until('nothing critical fires', critical, (seen) => seen.length === 0);
});

test('with two of three gone every bucket has no quorum, until one is back', async () => {
  await Promise.all([cluster.process('rm2').kill(), cluster.process('rm3').kill()]);
  await until('the alert of each bucket fires', critical, (seen) => [1, 2, 3].every((bucket) => seen.includes(`MasNoQuorum bucket ${bucket}`)));
  cluster.process('rm2').start();
  await until('no bucket lacks its quorum', critical, (seen) => !seen.some((alert) => alert.startsWith('MasNoQuorum')));
  await cluster.whole();
  await until('nothing critical fires', critical, (seen) => seen.length === 0);
});
