/**
 * `npm run bench -- metrics`: what it costs a cluster to be looked at, by Prometheus and by traces. Batches are paid with it and without it in turn, so that whatever else
 * happens on the machine meets both. Scraping is begun and ended between two slices of one cluster. Traces are told to processes when they start: two clusters of the same
 * build run side by side, one of them traced. Clusters of one build differ by themselves (what is compiled when, what lies where) by more than traces cost: so there are several, and each
 * time another one is started first.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EXIT_ASKED, onStopAsked } from '@mas/e2e';
import type { MasClient } from '@mas/client';
import { present } from '@mas/values';
import { Ground, type GroundOptions } from '../conditions/ground';
import { GROUND_ARGUMENTS, groundOf, isWithin } from '../conditions/ground-options';
import type { Conserved } from '../load/conserved';
import type { PaymentSource } from '../load/payment-load';
import type { WarmUp } from '../load/warm-up';
import { UsageMeter } from '../measure/process-usage';
import { RESULTS_FOLDER } from '../payments-bench';
import { createProgress, type Progress } from '../progress';
import { collector, scraper, type Watcher } from './watchers';
import { isWell, renderWatched, type ClusterPair, type Looks, type Turn, type WatchedFigures, type WatchedReport } from './watched-report';

export interface Asked {
  readonly ground: GroundOptions;
  readonly only: RegExp | null;
  readonly pairs: number;
  readonly times: number;
  readonly json: boolean;
}

const PROCESSES = ['tm1', 'rm1', 'rm2', 'rm3'];
const WATCHERS: readonly (readonly [name: string, open: () => Promise<Watcher>])[] = [
  ['metrics', () => scraper(PROCESSES)],
  ['traces', collector],
];
const ACCOUNTS = 1_000;
const SETTLE_MS = 1_000;
const LOOKS_MS = 10_000;
const OPTIONS = '[--mysql --redis] [--seconds 10] [--times 6] [--pairs 3] [--seed 1] [--warm-up steady|PAYMENTS] [--only metrics|traces] [--json]';
export const WATCHED_USAGE = `usage: npm run bench -- metrics ${OPTIONS}`;

/** A cluster that is warm. */
interface Side {
  readonly ground: Ground;
  readonly client: MasClient;
  readonly load: PaymentSource;
  readonly warmUp: WarmUp;
}

/** @returns the exit code: 1 when something could not be measured, or money was not conserved */
export async function runWatchedBench(args: readonly string[]): Promise<number> {
  const asked = parseWatched(args);
  const progress = createProgress(process.stderr.isTTY);
  const open = new Set<Ground>();
  onStopAsked(() => void Promise.all([...open].map((ground) => ground.close())).finally(() => process.exit(EXIT_ASKED)));
  const watchers: WatchedFigures[] = [];
  const { storage, seed, durationMs } = asked.ground;
  const file = join(RESULTS_FOLDER, `metrics-${storage}.json`);
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const write = (): WatchedReport => {
    const report: WatchedReport = { storage, seconds: durationMs / 1000, seed, loadAverage: loadavg(), watchers };
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    return report;
  };
  for (const [, watcher] of WATCHERS.filter(([name]) => asked.only?.test(name) ?? true)) {
    watchers.push(await measured(await watcher(), asked, progress, open));
    // A long run that is ended has its first figures all the same.
    write();
  }
  progress.done();
  const report = write();
  process.stdout.write(asked.json ? `${JSON.stringify(report, null, 2)}\n` : `${renderWatched(report)}\n\nJSON: ${file}\n`);
  return isWell(report) ? 0 : 1;
}

/** What cannot be measured fails with its reason; the pairs before it count. */
async function measured(watcher: Watcher, asked: Asked, progress: Progress, open: Set<Ground>): Promise<WatchedFigures> {
  const pairs: ClusterPair[] = [];
  let failure: string | null = null;
  try {
    for (let pair = 0; pair < asked.pairs; pair += 1) pairs.push(await measuredPair(watcher, asked, progress, open, pair % 2 === 0));
    failure = watcher.failure();
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    await watcher.close();
  }
  return { name: watcher.name, seen: watcher.seen(), pairs, failure };
}

async function measuredPair(watcher: Watcher, asked: Asked, progress: Progress, open: Set<Ground>, isPlainFirst: boolean): Promise<ClusterPair> {
  const sides: Side[] = [];
  const two = isPlainFirst ? [unwatched, watcher.environmentOf] : [watcher.environmentOf, unwatched];
  try {
    for (const environmentOf of watcher.look !== null ? [watcher.environmentOf] : two) {
      progress.phase('starting a cluster');
      const ground = await Ground.open(asked.ground, false, progress, environmentOf);
      open.add(ground);
      sides.push(await warm(ground));
    }
    const [first, last] = [present(sides[0], 'a cluster'), present(sides.at(-1), 'a cluster')];
    const [plain, watched] = isPlainFirst ? [first, last] : [last, first];
    for (const { ground, client } of sides) await ground.atRest(client);
    const turns: Turn[] = [];
    for (let time = 0; time < asked.times; time += 1) turns.push(await turn(plain, watched, watcher, time % 2 === 0));
    const looks = watcher.look === null ? null : await costOfLooks(watched, watcher.look, progress);
    const audits: Conserved[] = [];
    for (const { ground, client } of sides) audits.push(await ground.audit(client));
    const died = sides.flatMap(({ ground }) => ground.cluster.failures());
    if (died.length > 0) throw new Error(died[0]);
    return { warmUps: sides.map(({ warmUp }) => warmUp), turns, looks, audits };
  } finally {
    for (const ground of [...open]) {
      open.delete(ground);
      await ground.close();
    }
  }
}

function unwatched(): Readonly<Record<string, string>> {
  return {};
}

async function warm(ground: Ground): Promise<Side> {
  const client = ground.client();
  await ground.growTo(ACCOUNTS, client);
  const load = await ground.load(client);
  return { ground, client, load, warmUp: await ground.warmUp(client, load) };
}

async function turn(plain: Side, watched: Side, watcher: Watcher, isPlainFirst: boolean): Promise<Turn> {
  const without = (): Promise<Turn['plain']> => slice(plain, 'without');
  const withIt = async (): Promise<Turn['watched']> => {
    watcher.begin();
    return slice(watched, 'with').finally(() => watcher.end());
  };
  if (isPlainFirst) {
    const first = await without();
    return { plain: first, watched: await withIt() };
  }
  const first = await withIt();
  return { plain: await without(), watched: first };
}

async function slice({ ground, client, load }: Side, when: string): Promise<Turn['plain']> {
  const { units, unitsPerSecond, p50Ms, p99Ms, aborted, unknown, usage } = await ground.batches(client, load, when, SETTLE_MS);
  // What is still to be written is this slice's, not the next one's of the other cluster.
  await ground.atRest(client);
  return { units, unitsPerSecond, p50Ms, p99Ms, aborted, unknown, usage };
}

/** As many looks as go into the time, one after the other, at a cluster that rests, less what it uses in as long a time in which nobody looks. */
async function costOfLooks({ ground, client }: Side, look: () => Promise<void>, progress: Progress): Promise<Looks> {
  await ground.atRest(client);
  progress.phase('looking at a cluster that rests');
  const idleMs = await cpuMsOf(ground, () => setTimeout(LOOKS_MS));
  let count = 0;
  const lookedAtMs = await cpuMsOf(ground, async () => {
    for (const endMs = performance.now() + LOOKS_MS; performance.now() < endMs; count += 1) await look();
  });
  return { count, cpuMs: (lookedAtMs - idleMs) / count };
}

async function cpuMsOf(ground: Ground, meanwhile: () => Promise<void>): Promise<number> {
  const meter = new UsageMeter(new Map([...ground.pids()].filter(([name]) => name !== 'client')));
  await meanwhile();
  return Object.values(meter.since()).reduce((sum, { cpuSeconds }) => sum + cpuSeconds * 1000, 0);
}

/** @throws TypeError with the usage */
export function parseWatched(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: { ...GROUND_ARGUMENTS, times: { type: 'string', default: '6' }, pairs: { type: 'string', default: '3' } },
  });
  const [times, pairs] = [Number(values.times), Number(values.pairs)];
  if (!isWithin(times, 1, 100) || !isWithin(pairs, 1, 20)) throw new TypeError(WATCHED_USAGE);
  return {
    ...groundOf(
      values,
      WATCHERS.map(([name]) => name),
      WATCHED_USAGE,
    ),
    times,
    pairs,
    json: values.json,
  };
}
