/**
 * `npm run bench`: payments per second and their latency on a cluster of real processes, next to yardsticks of the same
 * run, with conservation checked at the end. Everything printed is also JSON.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Cluster, onStopAsked } from '@mas/e2e';
import { PlacementIndex } from '@mas/placement';
import type { MasClient, PaymentInput } from '@mas/rpc';
import type { AuditReport } from '@mas/transaction-coordinator';
import { SeededRandom } from '@mas/values';
import { closedLoop, type LoadResult } from './load/closed-loop';
import { isSteady } from './load/steady';
import { PaymentLoad, type Mix } from './load/payment-load';
import { UsageMeter, type ProcessUsage } from './measure/process-usage';
import type { Progress } from './progress';
import { fdatasyncPerSecond } from './yardsticks/fdatasync';
import { grpcUnaryCeiling } from './yardsticks/grpc-unary';
import { postgresTransfers, type PostgresResult } from './yardsticks/postgres';
import { xaTransfers, type XaResult } from './yardsticks/xa';

export interface BenchOptions {
  readonly storage: 'embedded' | 'servers';
  readonly durationMs: number;
  readonly accounts: number;
  readonly seed: number;
  /** Leaves the yardsticks out, for quick comparisons. */
  readonly yardsticks: boolean;
  readonly only: RegExp | null;
  /** Paid before anything is measured: a process whose code is not compiled yet takes four times the CPU. Null: until that stands still. */
  readonly warmUpPayments: number | null;
}

interface Scenario {
  readonly name: string;
  readonly form: 'unary' | 'batch';
  readonly callers: number;
  readonly mix: Mix;
}

export interface ScenarioResult extends LoadResult {
  readonly name: string;
  /** Of all payments, the warm-up's included. */
  readonly aborted: number;
  readonly unknown: number;
  /** Within the counted time. */
  readonly usage: Readonly<Record<string, ProcessUsage>>;
}

export interface WarmUp {
  readonly payments: number;
  readonly seconds: number;
  /** Per payment, of all processes, slice by slice. */
  readonly cpuMicros: readonly number[];
  readonly steady: boolean;
}

export interface BenchReport {
  readonly storage: string;
  readonly warmUp: WarmUp;
  readonly scenarios: readonly ScenarioResult[];
  readonly yardsticks: { readonly fdatasyncPerSecond: number; readonly grpcUnary256: LoadResult; readonly xa32: XaResult; readonly xaWithBooks32: XaResult; readonly postgres64: PostgresResult; readonly postgresHot64: PostgresResult } | null;
  readonly ratios: Readonly<Record<string, number>>;
  readonly conserved: boolean;
  readonly audit: string;
}

export const BATCH_SIZE = 200;
const UNIFORM: Mix = { name: 'uniform, across buckets', receiver: 'uniform', crossShare: 1 };
const HOT: Mix = { name: 'one hot receiver, across buckets', receiver: 'hot', crossShare: 1 };
const SAME: Mix = { name: 'same bucket', receiver: 'uniform', crossShare: 0 };
const MIXED: Mix = { name: 'two thirds across buckets', receiver: 'uniform', crossShare: 2 / 3 };

const SCENARIOS: readonly Scenario[] = [
  ...[1, 32, 256].map((callers): Scenario => ({ name: `unary, ${callers} callers, ${UNIFORM.name}`, form: 'unary', callers, mix: UNIFORM })),
  ...[HOT, SAME, MIXED].map((mix): Scenario => ({ name: `unary, 256 callers, ${mix.name}`, form: 'unary', callers: 256, mix })),
  ...[1, 8, 32].map((callers): Scenario => ({ name: `batch of ${BATCH_SIZE}, ${callers} callers, ${UNIFORM.name}`, form: 'batch', callers, mix: UNIFORM })),
  ...[HOT, SAME, MIXED].map((mix): Scenario => ({ name: `batch of ${BATCH_SIZE}, 32 callers, ${mix.name}`, form: 'batch', callers: 32, mix })),
];
const OPENING_MINOR = 1_000_000_000n;
const CREATE_CONCURRENCY = 128;
const CALL_TIMEOUT_MS = 60_000;
const WARM_UP_BATCH_SIZE = 20;
const WARM_UP_CALLERS = 8;
/** One figure each. */
const WARM_UP_SLICE = 10_000;
const FIRST_SMALL_PAYMENTS = 4_000;
const MOST_WARM_UP_PAYMENTS = 400_000;
const DIFFERENCES_SHOWN = 3;
/** As a shell has it for a program that Ctrl-C ended. */
const EXIT_ASKED = 130;

export async function runPaymentsBench(options: BenchOptions, progress: Progress): Promise<BenchReport> {
  progress.phase(`starting a cluster (${options.storage === 'servers' ? 'private MariaDB and Redis' : 'embedded stores'})`);
  const cluster = await Cluster.start({ storage: options.storage, durability: 'durable', sqlMemory: 'large' });
  onStopAsked(() => void cluster.stop().finally(() => process.exit(EXIT_ASKED)));
  try {
    const client = cluster.client({ timeoutMs: CALL_TIMEOUT_MS });
    // First: a yardstick that cannot be had says so before minutes of load.
    const yardsticks = options.yardsticks ? await runYardsticks(cluster.certs(), options.durationMs, progress) : null;
    const numbers = await createAccounts(client, options.accounts, progress);
    const { placement } = await client.clusterStatus();
    const load = new PaymentLoad(numbers, new PlacementIndex(placement), new SeededRandom(options.seed), randomUUID().slice(0, 8));
    const pids = pidsOf(cluster);
    const warmedUp = await warmUp(client, load, options.warmUpPayments, pids, progress);
    const scenarios: ScenarioResult[] = [];
    for (const scenario of SCENARIOS.filter((one) => options.only === null || options.only.test(one.name))) {
      scenarios.push(await runScenario(client, load, scenario, options.durationMs, pids, progress));
    }
    progress.phase('checking that money was conserved');
    const audit = await client.audit();
    const conserved = audit.consistent && audit.totals.every((total) => total.issuedMinor === BigInt(numbers.length) * OPENING_MINOR && total.balancesMinor === total.issuedMinor);
    return { storage: options.storage, warmUp: warmedUp, scenarios, yardsticks, ratios: ratiosOf(scenarios, yardsticks), conserved, audit: audit.checks.map(auditLine).join('; ') };
  } finally {
    await cluster.stop();
  }
}

function auditLine({ name, count, differences }: AuditReport['checks'][number]): string {
  const first = differences.slice(0, DIFFERENCES_SHOWN).map((text) => ` (${text})`);
  return `${name}: ${count} compared, ${differences.length} differences${first.join('')}`;
}

async function createAccounts(client: MasClient, count: number, progress: Progress): Promise<readonly string[]> {
  progress.phase(`creating ${count} accounts`);
  const numbers = Array.from({ length: count }, (_, at) => `bench-${at}`);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let number = numbers[next++]; number !== undefined; number = numbers[next++]) {
      await client.createAccount({ id: `create-${number}`, number, openingBalance: { minor: OPENING_MINOR } });
      progress.advance(next / count);
    }
  };
  await Promise.all(Array.from({ length: CREATE_CONCURRENCY }, worker));
  return numbers;
}

/** In small batches first: the very first calls are so slow that large ones would meet their deadlines. */
async function warmUp(client: MasClient, load: PaymentLoad, asked: number | null, pids: ReadonlyMap<string, number>, progress: Progress): Promise<WarmUp> {
  const startedMs = performance.now();
  const cpuMicros: number[] = [];
  let payments = 0;
  const isWarm = (): boolean => (asked === null ? payments >= MOST_WARM_UP_PAYMENTS || isSteady(cpuMicros) : payments >= asked);
  progress.phase(asked === null ? 'warming up until the CPU of a payment stands still' : `warming up with ${asked} payments`);
  while (!isWarm()) {
    const size = payments < FIRST_SMALL_PAYMENTS ? WARM_UP_BATCH_SIZE : BATCH_SIZE;
    const meter = new UsageMeter(pids);
    const made = await pay(client, load, Math.min(WARM_UP_SLICE, (asked ?? MOST_WARM_UP_PAYMENTS) - payments), size);
    payments += made;
    cpuMicros.push((Object.values(meter.since()).reduce((sum, usage) => sum + usage.cpuSeconds, 0) * 1e6) / made);
    progress.advance(Math.min(1, payments / (asked ?? MOST_WARM_UP_PAYMENTS)));
  }
  return { payments, seconds: (performance.now() - startedMs) / 1000, cpuMicros, steady: isSteady(cpuMicros) };
}

/** @returns how many there were: whole batches */
async function pay(client: MasClient, load: PaymentLoad, payments: number, size: number): Promise<number> {
  let made = 0;
  const worker = async (): Promise<void> => {
    while (made < payments) {
      made += size;
      await client.createPayments(Array.from({ length: size }, () => load.next(MIXED)));
    }
  };
  await Promise.all(Array.from({ length: WARM_UP_CALLERS }, worker));
  return made;
}

async function runScenario(client: MasClient, load: PaymentLoad, scenario: Scenario, durationMs: number, pids: ReadonlyMap<string, number>, progress: Progress): Promise<ScenarioResult> {
  progress.phase(scenario.name);
  const counts = { aborted: 0, unknown: 0 };
  const count = (kind: string): void => {
    if (kind === 'aborted') counts.aborted += 1;
    else if (kind !== 'committed') counts.unknown += 1;
  };
  const unary = async (): Promise<void> => count((await client.createPayment(load.next(scenario.mix))).kind);
  const batch = async (): Promise<void> => {
    const payments: PaymentInput[] = Array.from({ length: BATCH_SIZE }, () => load.next(scenario.mix));
    for (const reply of await client.createPayments(payments)) count(reply.ok ? reply.value.kind : 'error');
  };
  let meter = new UsageMeter(pids);
  let usage: ScenarioResult['usage'] = {};
  const result = await closedLoop({
    callers: scenario.callers,
    durationMs,
    unitsPerCall: scenario.form === 'batch' ? BATCH_SIZE : 1,
    call: scenario.form === 'batch' ? batch : unary,
    onCounting: () => {
      meter = new UsageMeter(pids);
    },
    onCounted: () => {
      usage = meter.since();
    },
    onProgress: (fraction) => progress.advance(fraction),
  });
  return { name: scenario.name, ...result, ...counts, usage };
}

async function runYardsticks(certs: string, durationMs: number, progress: Progress): Promise<NonNullable<BenchReport['yardsticks']>> {
  progress.phase('yardstick: fdatasync');
  const fdatasync = await fdatasyncPerSecond(durationMs / 2);
  progress.phase('yardstick: grpc-js unary calls with an empty handler, 256 callers');
  const grpcUnary256 = await grpcUnaryCeiling(certs, 256, durationMs);
  progress.phase('yardstick: XA over two private MariaDB servers, 32 callers');
  const xa32 = await xaTransfers(32, durationMs, 'balances-only');
  progress.phase('yardstick: the same with journal and payment rows');
  const xaWithBooks32 = await xaTransfers(32, durationMs, 'with-books');
  progress.phase('yardstick: one private PostgreSQL server, 64 clients');
  const postgres64 = await postgresTransfers(64, durationMs, 'spread');
  progress.phase('yardstick: the same with one hot receiver');
  const postgresHot64 = await postgresTransfers(64, durationMs, 'hot');
  return { fdatasyncPerSecond: fdatasync, grpcUnary256, xa32, xaWithBooks32, postgres64, postgresHot64 };
}

/** Only those whose parts were measured. */
function ratiosOf(scenarios: readonly ScenarioResult[], yardsticks: BenchReport['yardsticks']): Record<string, number> {
  const rate = (name: string): number | undefined => scenarios.find((one) => one.name === name)?.unitsPerSecond;
  const batches = scenarios.filter((one) => one.name.startsWith('batch') && one.name.endsWith(UNIFORM.name)).map((one) => one.unitsPerSecond);
  const batch = batches.length === 0 ? undefined : Math.max(...batches);
  const pairs: readonly (readonly [string, number | undefined, number | undefined])[] = [
    ['batchOverXa', batch, yardsticks?.xa32.unitsPerSecond],
    ['batchOverXaWithBooks', batch, yardsticks?.xaWithBooks32.unitsPerSecond],
    ['batchOverPostgres', batch, yardsticks?.postgres64.unitsPerSecond],
    ['hotBatchOverPostgresHot', rate(`batch of ${BATCH_SIZE}, 32 callers, ${HOT.name}`), yardsticks?.postgresHot64.unitsPerSecond],
    ['unary256OverGrpcCeiling', rate(`unary, 256 callers, ${UNIFORM.name}`), yardsticks?.grpcUnary256.unitsPerSecond],
    ['hotOverSpreadUnary', rate(`unary, 256 callers, ${HOT.name}`), rate(`unary, 256 callers, ${UNIFORM.name}`)],
    ['hotOverSpreadBatch', rate(`batch of ${BATCH_SIZE}, 32 callers, ${HOT.name}`), rate(`batch of ${BATCH_SIZE}, 32 callers, ${UNIFORM.name}`)],
  ];
  return Object.fromEntries(pairs.flatMap(([name, over, under]) => (over === undefined || under === undefined ? [] : [[name, over / under] as const])));
}

function pidsOf(cluster: Cluster): ReadonlyMap<string, number> {
  const pids = new Map<string, number>([['client', process.pid]]);
  for (const one of [...cluster.tms, ...cluster.rms]) if (one.pid !== undefined) pids.set(one.name, one.pid);
  if (cluster.sql !== null) pids.set('mariadb', cluster.sql.pid);
  if (cluster.redis !== null) pids.set('redis', cluster.redis.pid);
  return pids;
}

/** Where results are written for programs. */
export const RESULTS_FOLDER = join(process.cwd(), 'bench-results');
