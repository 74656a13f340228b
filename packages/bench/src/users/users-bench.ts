/**
 * `npm run bench -- users`: from a hundred users to ten thousand, each with its own account and token, over a fixed number of connections, in a closed loop with time to
 * think. The table and the curve of throughput against users; the last step is the long one. An audit ends it.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cluster, EXIT_ASKED, onStopAsked } from '@mas/e2e';
import { SeededRandom } from '@mas/values';
import { createAccounts } from '../load/accounts';
import { auditOf, conservedLine, type Conserved } from '../load/conserved';
import { PeakMemory } from '../measure/process-usage';
import { pidsOf } from '../measure/cluster-pids';
import { RESULTS_FOLDER } from '../payments-bench';
import { createProgress, type Progress } from '../progress';
import { userLoad, type User, type UsersPoint } from './user-load';
import { usersCurve } from './users-curve';

export interface UsersAsked {
  readonly storage: 'embedded' | 'servers';
  /** Ascending. */
  readonly steps: readonly number[];
  /** Of all steps but the last. */
  readonly stepMs: number;
  readonly lastMs: number;
  readonly thinkMs: number;
  /** Not measured: a few users who hardly think. Code that is not compiled yet takes several times the CPU. */
  readonly warmUpMs: number;
  readonly connections: number;
  readonly seed: number;
  readonly svg: string;
  readonly json: boolean;
}

export interface UsersReport extends Conserved {
  readonly storage: string;
  readonly connections: number;
  readonly thinkSeconds: number;
  readonly points: readonly UsersPoint[];
  readonly peakMiB: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

const MOST_USERS = 100_000;
/** Of the door for one address (docs/running.md), less what the run itself needs. */
const MOST_CONNECTIONS = 240;
const WARM_UP_USERS = 100;
const WARM_UP_THINK_MS = 20;
const CALL_TIMEOUT_MS = 60_000;
const OPTIONS =
  '[--embedded] [--users 100,300,1000,3000,10000] [--seconds 120] [--step-seconds 20] [--think 10] [--warm-up 20] [--connections 200] [--seed 1] [--svg FILE] [--json]';
export const USERS_USAGE = `usage: npm run bench -- users ${OPTIONS}\non a private MariaDB and Redis, or with --embedded; --seconds is the time of the last step`;

/** @returns the exit code: 1 when a payment failed, a process ended, or money was not conserved */
export async function runUsersBench(args: readonly string[]): Promise<number> {
  const asked = parseUsers(args);
  const progress = createProgress(process.stderr.isTTY);
  progress.phase('starting a cluster');
  const cluster = await Cluster.start({ storage: asked.storage, durability: 'durable', sqlMemory: 'large' });
  onStopAsked(() => void cluster.stop().finally(() => process.exit(EXIT_ASKED)));
  try {
    const report = await measured(cluster, asked, progress);
    progress.done();
    mkdirSync(RESULTS_FOLDER, { recursive: true });
    const file = join(RESULTS_FOLDER, `users-${asked.storage}.json`);
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(asked.svg, usersCurve(report.points, `Payments of users who think for ${report.thinkSeconds} s, over ${report.connections} connections`));
    process.stdout.write(asked.json ? `${JSON.stringify(report, null, 2)}\n` : `${renderUsers(report)}\n\nJSON: ${file}\nSVG: ${asked.svg}\n`);
    return isWell(report) ? 0 : 1;
  } finally {
    await cluster.stop();
  }
}

async function measured(cluster: Cluster, asked: UsersAsked, progress: Progress): Promise<UsersReport> {
  const { steps, connections, thinkMs } = asked;
  const client = cluster.client({ timeoutMs: CALL_TIMEOUT_MS });
  const most = steps.at(-1) ?? 0;
  progress.phase(`creating ${most} accounts`);
  const accounts = await createAccounts(client, 0, most, (fraction) => progress.advance(fraction));
  const lines = Array.from({ length: connections }, () => cluster.client({ timeoutMs: CALL_TIMEOUT_MS }));
  const users = accounts.map((account, at): User => ({ account, client: (lines[at % connections] ?? client).with({ token: cluster.accountToken(account) }) }));
  const random = new SeededRandom(asked.seed);
  const memory = new PeakMemory();
  progress.phase(`warming up, ${asked.warmUpMs / 1_000} s`);
  const busy = { users: users.slice(0, WARM_UP_USERS), thinkMs: WARM_UP_THINK_MS, durationMs: asked.warmUpMs, random, run: randomUUID().slice(0, 8) };
  const warm = await userLoad({ ...busy, onProgress: (fraction) => progress.advance(fraction) });
  const points: UsersPoint[] = [];
  for (const step of steps) {
    const durationMs = step === most ? asked.lastMs : asked.stepMs;
    progress.phase(`${step} users, ${durationMs / 1_000} s`);
    const load = { users: users.slice(0, step), thinkMs, durationMs, random, run: randomUUID().slice(0, 8) };
    points.push(await userLoad({ ...load, onProgress: (fraction) => progress.advance(fraction) }));
    memory.note(pidsOf(cluster));
  }
  progress.phase('checking that money was conserved');
  const audited = await auditOf(client, accounts.length);
  return {
    storage: asked.storage,
    connections,
    thinkSeconds: thinkMs / 1_000,
    points,
    peakMiB: memory.all(),
    failures: [...warmUpFailures(warm), ...cluster.failures()],
    ...audited,
  };
}

function warmUpFailures({ failures }: UsersPoint): readonly string[] {
  return Object.entries(failures).map(([name, count]) => `warm-up: ${count} × ${name}`);
}

export function isWell({ conserved, points, failures }: UsersReport): boolean {
  return conserved && failures.length === 0 && points.every((point) => Object.keys(point.failures).length === 0 && point.payments > 0);
}

const WIDTHS = [9, 9, 11, 12, 9, 9, 10, 9];

export function renderUsers(report: UsersReport): string {
  const row = (cells: readonly string[]): string => cells.map((cell, at) => cell.padStart(WIDTHS[at] ?? 0)).join(' ');
  const failed = report.points.flatMap(({ users, failures }) => Object.entries(failures).map(([name, count]) => `${users} users: ${count} × ${name}`));
  return [
    `Users on ${report.storage === 'servers' ? 'MariaDB and Redis' : 'the embedded stores'}, each with its account and token, over ${report.connections} connections, thinking for ${report.thinkSeconds} s:`,
    row(['users', 'seconds', 'payments', 'payments/s', 'p50 ms', 'p99 ms', 'p99.9 ms', 'max ms']),
    ...report.points.map(({ users, seconds, payments, perSecond, p50Ms, p99Ms, p999Ms, maxMs }) =>
      row([String(users), seconds.toFixed(0), String(payments), perSecond.toFixed(0), ...[p50Ms, p99Ms, p999Ms, maxMs].map((ms) => ms.toFixed(1))]),
    ),
    failed.length === 0 && report.failures.length === 0 ? 'no failure' : `FAILURES: ${[...failed, ...report.failures].join('; ')}`,
    `peak memory: ${Object.entries(report.peakMiB)
      .map(([name, peak]) => `${name} ${peak.toFixed(0)} MiB`)
      .join(', ')}`,
    conservedLine(report),
  ].join('\n');
}

/** @throws TypeError with the usage */
export function parseUsers(args: readonly string[]): UsersAsked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      embedded: { type: 'boolean', default: false },
      users: { type: 'string', default: '100,300,1000,3000,10000' },
      seconds: { type: 'string', default: '120' },
      'step-seconds': { type: 'string', default: '20' },
      think: { type: 'string', default: '10' },
      'warm-up': { type: 'string', default: '20' },
      connections: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      svg: { type: 'string', default: join(RESULTS_FOLDER, 'users.svg') },
      json: { type: 'boolean', default: false },
    },
  });
  const steps = values.users.split(',').map(Number);
  const [seconds, stepSeconds, think, warmUp] = [values.seconds, values['step-seconds'], values.think, values['warm-up']].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const [connections, seed] = [Number(values.connections), Number(values.seed)];
  const isRight =
    steps.every((step, at) => Number.isInteger(step) && step >= 2 && step <= MOST_USERS && step > (steps[at - 1] ?? 0)) &&
    [seconds, stepSeconds, think, warmUp].every((value) => value > 0 && value <= 3_600) &&
    Number.isInteger(connections) &&
    connections >= 1 &&
    connections <= MOST_CONNECTIONS &&
    Number.isInteger(seed);
  if (!isRight) throw new TypeError(USERS_USAGE);
  return {
    ...{
      storage: values.embedded ? 'embedded' : 'servers',
      steps,
      stepMs: stepSeconds * 1_000,
      lastMs: seconds * 1_000,
      thinkMs: think * 1_000,
      warmUpMs: warmUp * 1_000,
    },
    ...{ connections, seed, svg: values.svg, json: values.json },
  };
}
