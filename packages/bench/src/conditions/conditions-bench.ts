/**
 * `npm run bench -- conditions`: what a payment costs and how long it takes where not everything is as the payments benchmark has it: right
 * after a start, with a follower away or slow, with many accounts. A fresh cluster for each, and an audit at its end.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_ASKED, onStopAsked } from '@mas/e2e';
import type { Conserved } from '../load/conserved';
import { RESULTS_FOLDER } from '../payments-bench';
import { createProgress, type Progress } from '../progress';
import { followerDown, followerSlow } from './broken-follower';
import { isWell, renderConditions, type ConditionReport, type ConditionsReport, type Figures } from './conditions-report';
import { firstSeconds } from './first-seconds';
import { Ground, type GroundOptions } from './ground';
import { GROUND_ARGUMENTS, groundOf, isWithin } from './ground-options';
import { SIZES, sizesOfLedgers } from './sizes';

export interface Asked {
  readonly ground: GroundOptions;
  readonly only: RegExp | null;
  readonly times: number;
  readonly accountsUpTo: number;
  readonly json: boolean;
}

interface Condition {
  readonly name: string;
  readonly slowDisks?: boolean;
  /** It is given up after so long, its audit included. */
  readonly minutes: (asked: Asked) => number;
  readonly measure: (ground: Ground, asked: Asked) => Promise<Figures>;
}

const CONDITIONS: readonly Condition[] = [
  {
    name: 'first seconds',
    minutes: ({ times }) => 15 + 10 * times,
    measure: async (ground, { times }) => ({ kind: 'first-seconds', ...(await firstSeconds(ground, times)) }),
  },
  {
    name: 'a follower down',
    minutes: () => 30,
    measure: async (ground) => ({ kind: 'broken-follower', ...(await followerDown(ground)) }),
  },
  {
    name: 'a follower slow',
    slowDisks: true,
    minutes: () => 30,
    measure: async (ground) => ({ kind: 'broken-follower', ...(await followerSlow(ground)) }),
  },
  {
    name: 'sizes',
    // An account takes some milliseconds to create, on the slowest machines.
    minutes: ({ accountsUpTo }) => 60 + accountsUpTo / 10_000,
    measure: async (ground, { accountsUpTo }) => ({ kind: 'sizes', ...(await sizesOfLedgers(ground, accountsUpTo)) }),
  },
];
const OPTIONS = '[--mysql --redis] [--seconds 10] [--times 3] [--accounts-up-to 100000] [--seed 1] [--warm-up steady|PAYMENTS] [--only REGEX] [--json]';
export const CONDITIONS_USAGE = `usage: npm run bench -- conditions ${OPTIONS}\nconditions: ${CONDITIONS.map(({ name }) => name).join(', ')}`;

/** @returns the exit code: 1 when something could not be measured, or money was not conserved */
export async function runConditionsBench(args: readonly string[]): Promise<number> {
  const asked = parseConditions(args);
  const progress = createProgress(process.stderr.isTTY);
  let open: Ground | null = null;
  let isStopping = false;
  onStopAsked(() => {
    isStopping = true;
    void (open?.close() ?? Promise.resolve()).finally(() => process.exit(EXIT_ASKED));
  });
  const conditions: ConditionReport[] = [];
  const { storage, seed, durationMs } = asked.ground;
  const file = join(RESULTS_FOLDER, `conditions-${storage}.json`);
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const write = (): ConditionsReport => {
    const report: ConditionsReport = { storage, seconds: durationMs / 1000, seed, loadAverage: loadavg(), conditions };
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    return report;
  };
  for (const condition of CONDITIONS.filter(({ name }) => asked.only?.test(name) ?? true)) {
    if (isStopping) return EXIT_ASKED;
    conditions.push(await measured(condition, asked, progress, (ground) => (open = ground)));
    // A long run that is ended has its first figures all the same.
    write();
  }
  progress.done();
  const report = write();
  process.stdout.write(asked.json ? `${JSON.stringify(report, null, 2)}\n` : `${renderConditions(report)}\n\nJSON: ${file}\n`);
  return isWell(report) ? 0 : 1;
}

/** What cannot be measured fails with its reason, and the others go on. */
async function measured(condition: Condition, asked: Asked, progress: Progress, opened: (ground: Ground | null) => void): Promise<ConditionReport> {
  const { name, slowDisks = false, minutes, measure } = condition;
  progress.phase(`${name}: starting a cluster`);
  let ground: Ground | null = null;
  let figures: Figures | null = null;
  let audit: Conserved | null = null;
  let failure: string | null = null;
  try {
    const own = (ground = await Ground.open(asked.ground, slowDisks, progress));
    opened(own);
    const run = async (): Promise<void> => {
      figures = await measure(own, asked);
      audit = await own.audit(own.client());
    };
    await within(minutes(asked), run());
    const [died] = own.cluster.failures();
    if (died !== undefined) failure = died;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    opened(null);
    await ground?.close();
  }
  return { name, figures, peakMiB: ground?.peaks.all() ?? {}, audit, failure };
}

async function within(minutes: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not come to its end within ${minutes.toFixed(0)} minutes`)), minutes * 60_000);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws TypeError with the usage */
export function parseConditions(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: { ...GROUND_ARGUMENTS, times: { type: 'string', default: '3' }, 'accounts-up-to': { type: 'string', default: '100000' } },
  });
  const [times, accountsUpTo] = [Number(values.times), Number(values['accounts-up-to'])];
  const [least = 0, most = 0] = [SIZES[0], SIZES.at(-1)];
  if (!isWithin(times, 1, 100) || !(accountsUpTo >= least && accountsUpTo <= most)) throw new TypeError(CONDITIONS_USAGE);
  return {
    ...groundOf(
      values,
      CONDITIONS.map(({ name }) => name),
      CONDITIONS_USAGE,
    ),
    times,
    accountsUpTo,
    json: values.json,
  };
}
