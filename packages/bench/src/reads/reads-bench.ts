/**
 * `npm run bench -- reads`: what reads of many accounts at one moment cost the payments beside them, and how long they take, now and at moments of the
 * past. One cluster of real processes, an audit at its end; every read is of accounts whose sum is known, or compared with listed legs.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_ASKED, onStopAsked } from '@mas/e2e';
import { PlacementIndex } from '@mas/placement';
import { present, SeededRandom } from '@mas/values';
import { Ground, type GroundOptions } from '../conditions/ground';
import { GROUND_ARGUMENTS, groundOf, isWithin } from '../conditions/ground-options';
import type { Conserved } from '../load/conserved';
import { PaymentLoad } from '../load/payment-load';
import type { WarmUp } from '../load/warm-up';
import { RESULTS_FOLDER } from '../payments-bench';
import { createProgress, type Progress } from '../progress';
import { batchesBesideReads, largeReads, pacedBesideReads, type Stage } from './beside';
import { circlesOf, hotCircleOf, SharedLoad, type HotCircle } from './circle';
import { pastReads } from './past-reads';
import { isWell, renderReads, type Figures, type PartReport, type ReadsReport } from './reads-report';

export interface Asked {
  readonly ground: GroundOptions;
  readonly only: RegExp | null;
  readonly times: number;
  readonly legs: number;
  readonly json: boolean;
}

/** Payments stay within the small circle, within the large one, within what is left, or go from senders to the hot account, which are further ones. */
interface Payers {
  readonly small: readonly string[];
  readonly smallLoad: PaymentLoad;
  readonly large: readonly string[];
  /** All but the hot circle. */
  readonly many: readonly string[];
  readonly manyLoad: SharedLoad;
  readonly hotCircle: HotCircle;
}

type Part = readonly [name: string, measure: (stage: Stage, payers: Payers, asked: Asked) => Promise<Figures>];

const PARTS: readonly Part[] = [
  ['payments at a steady pace', async (stage, { smallLoad, small }) => ({ kind: 'paced', ...(await pacedBesideReads(stage, smallLoad, small)) })],
  ['batches', async (stage, { manyLoad, small }) => ({ kind: 'batches', ...(await batchesBesideReads(stage, manyLoad, small)) })],
  ['large reads', async (stage, { manyLoad, large, many }) => ({ kind: 'saturated', ...(await largeReads(stage, manyLoad, large, many)) })],
  ['the past', async ({ ground, client }, { hotCircle }, { legs }) => ({ kind: 'past', ...(await pastReads(ground, client, hotCircle, legs)) })],
];
const SMALL = 36;
const LARGE = 63;
const MANY = 1_000;
const HOT_CIRCLE = 60;
/** Of the payments in batches, for the small circle and for the large one: the accounts that are read take part. */
const READ_SHARE = 0.05;
const MOST_LEGS = 1_000_000;
const OPTIONS = '[--mysql --redis] [--seconds 10] [--times 3] [--legs 20000] [--seed 1] [--warm-up steady|PAYMENTS] [--only REGEX] [--json]';
export const READS_USAGE = `usage: npm run bench -- reads ${OPTIONS}\nparts: ${PARTS.map(([name]) => name).join(', ')}`;

/** @returns the exit code: 1 when something could not be measured, an answer was wrong, or money was not conserved */
export async function runReadsBench(args: readonly string[]): Promise<number> {
  const asked = parseReads(args);
  const progress = createProgress(process.stderr.isTTY);
  const { storage, seed, durationMs } = asked.ground;
  const file = join(RESULTS_FOLDER, `reads-${storage}.json`);
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const parts: PartReport[] = [];
  let warmUp: WarmUp | null = null;
  let audit: Conserved | null = null;
  let failure: string | null = null;
  progress.phase('starting a cluster');
  const ground = await Ground.open(asked.ground, false, progress);
  onStopAsked(() => void ground.close().finally(() => process.exit(EXIT_ASKED)));
  const write = (): ReadsReport => {
    const peakMiB = ground.peaks.all();
    const report: ReadsReport = { storage, seconds: durationMs / 1000, seed, loadAverage: loadavg(), warmUp, parts, peakMiB, audit, failure };
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    return report;
  };
  try {
    const client = ground.client();
    await ground.growTo(MANY + HOT_CIRCLE, client);
    const payers = payersOf(ground.accountNumbers, new PlacementIndex((await client.clusterStatus()).placement), seed);
    warmUp = await ground.warmUp(client, payers.manyLoad);
    for (const part of PARTS.filter(([name]) => asked.only?.test(name) ?? true)) {
      parts.push(await measured(part, { ground, client, times: asked.times }, payers, asked));
      // A long run that is ended has its first figures all the same.
      write();
    }
    audit = await ground.audit(client);
    failure = ground.cluster.failures()[0] ?? null;
  } catch (error) {
    failure = messageOf(error);
  } finally {
    await ground.close();
  }
  return finished(write(), file, asked, progress);
}

function finished(report: ReadsReport, file: string, { json }: Asked, progress: Progress): number {
  progress.done();
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${renderReads(report)}\n\nJSON: ${file}\n`);
  return isWell(report) ? 0 : 1;
}

/** What cannot be measured fails with its reason, and the others go on. */
async function measured([name, measure]: Part, stage: Stage, payers: Payers, asked: Asked): Promise<PartReport> {
  try {
    return { name, figures: await measure(stage, payers, asked), failure: null };
  } catch (error) {
    return { name, figures: null, failure: messageOf(error) };
  }
}

function payersOf(numbers: readonly string[], placement: PlacementIndex, seed: number): Payers {
  const [many, further] = [numbers.slice(0, MANY), numbers.slice(MANY)];
  const circles = circlesOf(many, placement, [SMALL, LARGE]);
  const random = new SeededRandom(seed);
  const loads = circles.map((circle) => new PaymentLoad(circle, placement, random.fork(), randomUUID().slice(0, 8)));
  const [small = [], large = []] = circles;
  const manyLoad = new SharedLoad(loads, READ_SHARE, random);
  return { small, smallLoad: present(loads[0], 'load'), large, many, manyLoad, hotCircle: hotCircleOf(further, placement) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @throws TypeError with the usage */
export function parseReads(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: { ...GROUND_ARGUMENTS, times: { type: 'string', default: '3' }, legs: { type: 'string', default: '20000' } },
  });
  const [times, legs] = [Number(values.times), Number(values.legs)];
  if (!isWithin(times, 1, 100) || !isWithin(legs, 2, MOST_LEGS)) throw new TypeError(READS_USAGE);
  return {
    ...groundOf(
      values,
      PARTS.map(([name]) => name),
      READS_USAGE,
    ),
    times,
    legs,
    json: values.json,
  };
}
