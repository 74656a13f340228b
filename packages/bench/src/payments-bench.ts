/**
 * `npm run bench`: payments per second and their latency on a cluster of real processes, next to yardsticks of the same
 * run, with conservation checked at the end. Everything printed is also JSON.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Cluster, EXIT_ASKED, onStopAsked } from '@mas/e2e';
import { PlacementIndex } from '@mas/placement';
import { SeededRandom } from '@mas/values';
import { createAccounts } from './load/accounts';
import type { LoadResult } from './load/closed-loop';
import { auditOf, type Conserved } from './load/conserved';
import { MIXED, PaymentLoad, UNIFORM, type Mix } from './load/payment-load';
import { BATCH_SIZE, runScenario, type PaymentScenario, type ScenarioResult } from './load/payment-scenario';
import { warmUp, type WarmUp } from './load/warm-up';
import { pidsOf } from './measure/cluster-pids';
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

export interface BenchReport extends Conserved {
  readonly storage: string;
  readonly warmUp: WarmUp;
  readonly scenarios: readonly ScenarioResult[];
  readonly yardsticks: {
    readonly fdatasyncPerSecond: number;
    readonly grpcUnary256: LoadResult;
    readonly xa32: XaResult;
    readonly xaWithBooks32: XaResult;
    readonly postgres64: PostgresResult;
    readonly postgresHot64: PostgresResult;
  } | null;
  readonly ratios: Readonly<Record<string, number>>;
}

const HOT: Mix = { name: 'one hot receiver, across buckets', receiver: 'hot', crossShare: 1 };
const SAME: Mix = { name: 'same bucket', receiver: 'uniform', crossShare: 0 };

const SCENARIOS: readonly PaymentScenario[] = [
  ...[1, 32, 256].map((callers): PaymentScenario => ({ name: `unary, ${callers} callers, ${UNIFORM.name}`, form: 'unary', callers, mix: UNIFORM })),
  ...[HOT, SAME, MIXED].map((mix): PaymentScenario => ({ name: `unary, 256 callers, ${mix.name}`, form: 'unary', callers: 256, mix })),
  ...[1, 256].map((callers): PaymentScenario => ({ name: `shared by the client, ${callers} callers, ${UNIFORM.name}`, form: 'shared', callers, mix: UNIFORM })),
  ...[1, 8, 32].map(
    (callers): PaymentScenario => ({ name: `batch of ${BATCH_SIZE}, ${callers} callers, ${UNIFORM.name}`, form: 'batch', callers, mix: UNIFORM }),
  ),
  ...[HOT, SAME, MIXED].map((mix): PaymentScenario => ({ name: `batch of ${BATCH_SIZE}, 32 callers, ${mix.name}`, form: 'batch', callers: 32, mix })),
];
const CALL_TIMEOUT_MS = 60_000;
/** As a shell has it for a program that Ctrl-C ended. */

export async function runPaymentsBench(options: BenchOptions, progress: Progress): Promise<BenchReport> {
  progress.phase(`starting a cluster (${options.storage === 'servers' ? 'private MariaDB and Redis' : 'embedded stores'})`);
  const cluster = await Cluster.start({ storage: options.storage, durability: 'durable', sqlMemory: 'large' });
  onStopAsked(() => void cluster.stop().finally(() => process.exit(EXIT_ASKED)));
  try {
    const client = cluster.client({ timeoutMs: CALL_TIMEOUT_MS });
    // First: a yardstick that cannot be had says so before minutes of load.
    const yardsticks = options.yardsticks ? await runYardsticks(cluster.certs(), options.durationMs, progress) : null;
    progress.phase(`creating ${options.accounts} accounts`);
    const numbers = await createAccounts(client, 0, options.accounts, (fraction) => progress.advance(fraction));
    const { placement } = await client.clusterStatus();
    const load = new PaymentLoad(numbers, new PlacementIndex(placement), new SeededRandom(options.seed), randomUUID().slice(0, 8));
    const pids = pidsOf(cluster);
    const warmedUp = await warmUp(client, load, options.warmUpPayments, pids, progress);
    const scenarios: ScenarioResult[] = [];
    for (const scenario of SCENARIOS.filter((one) => options.only === null || options.only.test(one.name))) {
      scenarios.push(await runScenario(client, load, scenario, { durationMs: options.durationMs, pids }, progress));
    }
    progress.phase('checking that money was conserved');
    const audited = await auditOf(client, numbers.length);
    return { storage: options.storage, warmUp: warmedUp, scenarios, yardsticks, ratios: ratiosOf(scenarios, yardsticks), ...audited };
  } finally {
    await cluster.stop();
  }
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

/** Where results are written for programs. */
export const RESULTS_FOLDER = join(process.cwd(), 'bench-results');
