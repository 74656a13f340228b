/**
 * Payments without reads and beside them, in turn: what the machine does meanwhile touches both. And reads where the cluster has all the payments
 * that it can do.
 */
import { Books } from '@mas/e2e';
import type { MasClient } from '@mas/client';
import type { Ground } from '../conditions/ground';
import { countOf, PaymentFlow } from '../failover/payment-flow';
import { UNIFORM, type PaymentSource } from '../load/payment-load';
import type { ScenarioResult } from '../load/payment-scenario';
import { percentile } from '../raft/statistics';
import { wrongIn } from './circle';
import { Reads, type Read, type ReadFigures } from './read-flow';

/** Of payments at a steady pace. */
export interface Paced {
  readonly payments: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly failed: Readonly<Record<string, number>>;
}

export interface Pair<Load> {
  readonly without: Load;
  readonly beside: Load;
}

interface BesideReads {
  readonly accounts: number;
  readonly readsPerSecond: number;
  readonly reads: ReadFigures;
}

export interface PacedFigures extends BesideReads {
  readonly perSecond: number;
  readonly pairs: readonly Pair<Paced>[];
  /** All slices together. */
  readonly all: Pair<Paced>;
}

export interface BatchFigures extends BesideReads {
  readonly pairs: readonly Pair<ScenarioResult>[];
}

export interface LargeReads extends BesideReads {
  /** Which make up one read. */
  readonly requests: number;
  readonly payments: ScenarioResult;
}

export interface SaturatedFigures {
  /** Some of the accounts, and all of them. */
  readonly sizes: readonly LargeReads[];
}

/** What is asked of a cluster that is warm. */
export interface Stage {
  readonly ground: Ground;
  readonly client: MasClient;
  /** Slices of each kind. */
  readonly times: number;
}

const PER_SECOND = 60;
const READS_BESIDE_PACED = 4;
const READS_BESIDE_BATCHES = 10;
const [LARGE_READS, ALL_READS] = [5, 2];
/** The load has run for so long when counting, and reading, begins. */
const SETTLE_MS = 1_000;
const NO_BUCKETS: ReadonlySet<number> = new Set();

interface Slice {
  readonly tookMs: readonly number[];
  readonly failed: readonly string[];
}

/** @param load within the circle that is read: each read meets payments on its accounts */
export async function pacedBesideReads({ ground, client, times }: Stage, load: PaymentSource, circle: readonly string[]): Promise<PacedFigures> {
  const { progress, options } = ground;
  const slice = async (name: string, reads: Reads | null): Promise<Slice> => {
    progress.phase(`${PER_SECOND} payments/s, ${name}`);
    const flow = new PaymentFlow(
      client,
      new Books(),
      () => load.next(UNIFORM),
      () => NO_BUCKETS,
      PER_SECOND,
    );
    flow.start();
    await (reads === null ? pause(options.durationMs) : reads.during(options.durationMs, READS_BESIDE_PACED));
    flow.stop();
    await flow.ended();
    const failed = flow.paid.filter(({ outcome }) => outcome !== 'committed').map(({ outcome, reason }) => `${outcome} ${reason}`);
    return { tookMs: flow.paid.map(({ startMs, endMs }) => (endMs ?? startMs) - startMs), failed };
  };
  await ground.atRest(client);
  await slice('beside reads, not counted', new Reads(readOf(client, circle)));
  const reads = new Reads(readOf(client, circle));
  const slices: Pair<Slice>[] = [];
  for (let at = 1; at <= times; at += 1) {
    const without = await slice(`without reads (${at} of ${times})`, null);
    slices.push({ without, beside: await slice(`beside reads (${at} of ${times})`, reads) });
  }
  const together = (pick: (pair: Pair<Slice>) => Slice): Paced => pacedOf(slices.map(pick));
  return {
    perSecond: PER_SECOND,
    accounts: circle.length,
    readsPerSecond: READS_BESIDE_PACED,
    pairs: slices.map(({ without, beside }) => ({ without: pacedOf([without]), beside: pacedOf([beside]) })),
    all: { without: together(({ without }) => without), beside: together(({ beside }) => beside) },
    reads: reads.figures(),
  };
}

export async function batchesBesideReads({ ground, client, times }: Stage, load: PaymentSource, circle: readonly string[]): Promise<BatchFigures> {
  const reads = new Reads(readOf(client, circle));
  const pairs: Pair<ScenarioResult>[] = [];
  await ground.batches(client, load, 'not counted', SETTLE_MS);
  for (let at = 1; at <= times; at += 1) {
    const without = await ground.batches(client, load, `without reads (${at} of ${times})`, SETTLE_MS);
    const { durationMs } = ground.options;
    const reading = readingFor(reads, durationMs, READS_BESIDE_BATCHES);
    const [beside] = await Promise.all([ground.batches(client, load, `beside reads (${at} of ${times})`, SETTLE_MS), reading]);
    pairs.push({ without, beside });
  }
  return { accounts: circle.length, readsPerSecond: READS_BESIDE_BATCHES, pairs, reads: reads.figures() };
}

/** @param circle some of the accounts. @param all that the load pays from and to */
export async function largeReads(stage: Stage, load: PaymentSource, circle: readonly string[], all: readonly string[]): Promise<SaturatedFigures> {
  const { ground, client, times } = stage;
  const durationMs = ground.options.durationMs * times;
  const during = async (accounts: number, requests: number, read: Read, readsPerSecond: number): Promise<LargeReads> => {
    const reads = new Reads(read);
    const paying = ground.batches(client, load, `beside reads of ${accounts} accounts`, SETTLE_MS, durationMs);
    const [payments] = await Promise.all([paying, readingFor(reads, durationMs, readsPerSecond)]);
    return { accounts, requests, readsPerSecond, payments, reads: reads.figures() };
  };
  const one = await during(circle.length, 1, readOf(client, circle), LARGE_READS);
  const many = await during(all.length, 1, readOf(client, all), ALL_READS);
  return { sizes: [one, many] };
}

export function pacedOf(slices: readonly Slice[]): Paced {
  const tookMs = slices.flatMap((one) => one.tookMs);
  const at = (percent: number): number => percentile(tookMs, percent);
  return { payments: tookMs.length, p50Ms: at(50), p95Ms: at(95), p99Ms: at(99), failed: countOf(slices.flatMap(({ failed }) => failed)) };
}

function readOf(client: MasClient, numbers: readonly string[]): Read {
  return async () => wrongIn(numbers, await client.getAccounts(numbers));
}

async function readingFor(reads: Reads, durationMs: number, perSecond: number): Promise<void> {
  await pause(SETTLE_MS);
  await reads.during(durationMs, perSecond);
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
