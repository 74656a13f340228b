/**
 * `npm run bench -- elasticity`: what it costs payments that slots move. One cluster; what it can do is measured, then it pays at four fifths of that, first
 * with nothing else, then while a new bucket gets its share of the slots, and while it gives them back and is retired.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_ASKED, onStopAsked } from '@mas/e2e';
import type { MasClient } from '@mas/client';
import { founderOf, movesOf, wishesOf } from '@mas/placement';
import { waitUntil } from '@mas/test-servers';
import { bucketId } from '@mas/values';
import { Ground, type GroundOptions } from '../conditions/ground';
import { GROUND_ARGUMENTS, groundOf, isWithin } from '../conditions/ground-options';
import type { Conserved } from '../load/conserved';
import { RESULTS_FOLDER } from '../payments-bench';
import { createProgress, type Progress } from '../progress';
import { isWell, renderElasticity, type ElasticityReport, type Figures } from './elasticity-report';
import { MovesSeen } from './slots-under-load';
import { pacedBatches, type PacedFigures } from './steady-batches';

interface Asked {
  readonly ground: GroundOptions;
  readonly accounts: number;
  readonly json: boolean;
}

/** Of what it can do at most. */
const SHARE = 0.8;
const SETTLE_MS = 2_000;
const NEW_BUCKET = bucketId(4);
const LOOK_EVERY_MS = 250;
const MOVES_TIMEOUT_MS = 1_200_000;
const [LEAST_ACCOUNTS, MOST_ACCOUNTS] = [30, 1_000_000];
export const ELASTICITY_USAGE =
  'usage: npm run bench -- elasticity [--mysql --redis] [--seconds 10] [--accounts 10000] [--seed 1] [--warm-up steady|PAYMENTS] [--json]';

/** @returns the exit code: 1 when something could not be measured, or money was not conserved */
export async function runElasticityBench(args: readonly string[]): Promise<number> {
  const asked = parseElasticity(args);
  const progress = createProgress(process.stderr.isTTY);
  progress.phase('starting a cluster');
  const ground = await Ground.open(asked.ground, false, progress);
  onStopAsked(() => void ground.close().finally(() => process.exit(EXIT_ASKED)));
  let figures: Figures | null = null;
  let audit: Conserved | null = null;
  let failure: string | null = null;
  try {
    const client = ground.client();
    figures = await measure(ground, client, asked.accounts, progress);
    audit = await ground.audit(client);
    failure = ground.cluster.failures()[0] ?? null;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    await ground.close();
  }
  progress.done();
  const { storage, seed, durationMs } = asked.ground;
  const report: ElasticityReport = { storage, seconds: durationMs / 1000, seed, accounts: asked.accounts, loadAverage: loadavg(), figures, audit, failure };
  const [json, file] = [JSON.stringify(report, null, 2), join(RESULTS_FOLDER, `elasticity-${storage}.json`)];
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  writeFileSync(file, `${json}\n`);
  process.stdout.write(asked.json ? `${json}\n` : `${renderElasticity(report)}\n\nJSON: ${file}\n`);
  return isWell(report) ? 0 : 1;
}

async function measure(ground: Ground, client: MasClient, accounts: number, progress: Progress): Promise<Figures> {
  const seen = new MovesSeen(ground.cluster);
  await ground.growTo(accounts, client);
  const load = await ground.load(client);
  const warmUp = await ground.warmUp(client, load);
  const { unitsPerSecond: mostPerSecond } = await ground.batches(client, load, 'as many as it can', SETTLE_MS);
  const perSecond = mostPerSecond * SHARE;
  const during = async (name: string, work: () => Promise<unknown>): Promise<PacedFigures> => {
    await ground.atRest(client);
    progress.phase(`${perSecond.toFixed(0)} payments/s, ${name}`);
    return pacedBatches(client, load, perSecond, ground.options.durationMs, work);
  };
  const before = await during('nothing else', () => Promise.resolve());
  const [growing, growth] = await moving(client, seen, during, 'a new bucket gets its share', async () => {
    await client.addBucket(NEW_BUCKET);
    await until('the new bucket stands', async () => founderOf((await client.clusterStatus()).placement, NEW_BUCKET) === null);
    await client.rebalance({ replicas: undefined, dryRun: false, stop: false, slots: true });
  });
  const [shrinking, shrinkage] = await moving(client, seen, during, 'it gives them back', () => client.retireBucket(NEW_BUCKET));
  const after = await during('nothing else', () => Promise.resolve());
  return { warmUp, mostPerSecond, before, growing, growth, shrinking, shrinkage, after };
}

type During = (name: string, work: () => Promise<unknown>) => Promise<PacedFigures>;

async function moving(
  client: MasClient,
  seen: MovesSeen,
  during: During,
  name: string,
  order: () => Promise<unknown>,
): Promise<readonly [PacedFigures, Figures['growth']]> {
  let tookMs = 0;
  const paced = await during(name, async () => {
    const startedMs = performance.now();
    await order();
    await until('nothing is wanted of slots any more', async () => {
      const { placement } = await client.clusterStatus();
      return movesOf(placement).length === 0 && !wishesOf(placement).isBalancing && wishesOf(placement).retiring.length === 0;
    });
    tookMs = performance.now() - startedMs;
  });
  return [paced, { tookMs, ...seen.take() }];
}

/** Whoever does not answer for a moment is asked again. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await waitUntil(what, () => isSo().catch(() => false), { timeoutMs: MOVES_TIMEOUT_MS, intervalMs: LOOK_EVERY_MS });
}

/** @throws TypeError with the usage */
export function parseElasticity(args: readonly string[]): Asked {
  const { only: _, ...options } = GROUND_ARGUMENTS;
  const { values } = parseArgs({ args: [...args], options: { ...options, accounts: { type: 'string', default: '10000' } } });
  const accounts = Number(values.accounts);
  if (!isWithin(accounts, LEAST_ACCOUNTS, MOST_ACCOUNTS)) throw new TypeError(ELASTICITY_USAGE);
  return { ground: groundOf(values, [], ELASTICITY_USAGE).ground, accounts, json: values.json };
}
