/**
 * `npm run bench -- failover`: machines that are half broken, one strike after the other on a cluster of real processes under
 * payments; how long until a bucket serves again, and what callers see meanwhile. A fresh cluster for each kind of strike.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chained, constrainedElection, halfBroken, EXIT_ASKED, onStopAsked, PrivateNetwork, quorumLoss, singleLinks, type Strike } from '@mas/e2e';
import { RESULTS_FOLDER } from '../payments-bench';
import { createProgress, type Progress } from '../progress';
import { Bank, type BankOptions } from './bank';
import { watchBusy, type BusyRun } from './busy-watch';
import { ElectionWatch } from './election-watch';
import { medianAndWorst, renderFailover, type FailoverReport, type StrikeReport } from './failover-report';
import { runStrike, type StrikeRun } from './strike-run';

const BUSY = 'busy';
/** Measured when asked for by name. */
const OTHERS: readonly Strike[] = [...singleLinks, quorumLoss, chained, constrainedElection];
const NAMES = [...halfBroken, ...OTHERS].map(({ name }) => name).concat(BUSY);
export const FAILOVER_USAGE = `usage: npm run bench -- failover [--strike NAME[,NAME]] [--times 6] [--minutes 10] [--embedded] [--rms 3] [--tms 1] [--rate 60] [--seed 1] [--json]\nstrikes: ${NAMES.join(', ')}`;

interface Asked {
  readonly strikes: readonly Strike[];
  readonly busy: boolean;
  readonly times: number;
  readonly minutes: number;
  readonly bank: BankOptions;
  readonly json: boolean;
}

/** @returns the exit code: 1 when a strike could not be done, a payment did not end, or money was not conserved */
export async function runFailoverBench(args: readonly string[]): Promise<number> {
  const asked = parse(args);
  const progress = createProgress(process.stderr.isTTY);
  let open: Bank | null = null;
  onStopAsked(() => void (open?.close() ?? Promise.resolve()).finally(() => process.exit(EXIT_ASKED)));
  const inBank = async <T>(use: (bank: Bank, watch: ElectionWatch) => Promise<T>): Promise<T> => {
    progress.phase('starting a cluster');
    const bank = (open = await Bank.open(asked.bank));
    try {
      return await use(bank, new ElectionWatch(bank.cluster));
    } finally {
      open = null;
      await bank.close();
    }
  };
  const strikes: StrikeReport[] = [];
  let busy: BusyRun | null = null;
  const { storage, hosts, perSecond } = asked.bank;
  const file = join(RESULTS_FOLDER, `failover-${storage}.json`);
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const write = (): FailoverReport => {
    const report: FailoverReport = { storage, perSecond, network: hosts, loadAverage: loadavg(), strikes, busy };
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    return report;
  };
  for (const strike of asked.strikes) {
    strikes.push(await allOf(strike, asked, progress, inBank));
    // A long run that is ended has its first figures all the same.
    write();
  }
  if (asked.busy) {
    const title = `${asked.minutes} minutes of batches beside two busy loops`;
    try {
      busy = await inBank((bank, watch) => {
        progress.phase(`${BUSY}: ${title}`);
        return watchBusy(bank, watch, asked.minutes, (fraction) => progress.advance(fraction));
      });
    } catch (error) {
      strikes.push({ name: BUSY, title, runs: [], failure: textOf(error) });
    }
  }
  progress.done();
  const report = write();
  process.stdout.write(asked.json ? `${JSON.stringify(report, null, 2)}\n` : `${renderFailover(report)}\n\nJSON: ${file}\n`);
  const isWell = strikes.every(({ failure, runs }) => failure === null && runs.every((run) => run.findings.length === 0)) && (busy?.findings.length ?? 0) === 0;
  return isWell ? 0 : 1;
}

type InBank = <T>(use: (bank: Bank, watch: ElectionWatch) => Promise<T>) => Promise<T>;

/** What cannot be done fails with its reason, and the others go on. */
async function allOf(strike: Strike, { times, bank: { storage, hosts } }: Asked, progress: Progress, inBank: InBank): Promise<StrikeReport> {
  const { name, title } = strike;
  const runs: StrikeRun[] = [];
  if (strike.needs === 'network' && hosts === 'loopback') return { name, title, runs, failure: PrivateNetwork.whyNot() };
  if (strike.needs === 'servers' && storage === 'embedded')
    return { name, title, runs, failure: 'the embedded store cannot go away: run it without --embedded' };
  try {
    await inBank(async (bank, watch) => {
      if (strike.needs === 'compiler' && bank.shim === null) throw new Error('it needs a C compiler (cc) for the library that slows fsync down');
      const { buckets } = bank.cluster.placement.map;
      for (let at = 0; at < times; at += 1) {
        progress.phase(`${name}, strike ${at + 1} of ${times}: ${title}`);
        const run = await runStrike(bank, watch, strike, Number(buckets[at % buckets.length]?.bucket ?? 1));
        runs.push(run);
        process.stderr.write(
          `  ${run.struck}, bucket ${run.bucket}: first success ${medianAndWorst([run.firstSuccessMs]).split(' ')[0] ?? ''} ms (noticed ${String(run.noticedMs)}, new leader ${String(run.newLeaderMs)}), p50 ${run.p50Ms.toFixed(0)}, p99 ${run.p99Ms.toFixed(0)} ms, ABANDONED ${run.abandoned}, open ${run.openAtEnd}\n`,
        );
      }
    });
  } catch (error) {
    return { name, title, runs, failure: textOf(error) };
  }
  return { name, title, runs, failure: null };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parse(args: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      strike: { type: 'string' },
      times: { type: 'string', default: '6' },
      minutes: { type: 'string', default: '10' },
      embedded: { type: 'boolean', default: false },
      rms: { type: 'string', default: '3' },
      tms: { type: 'string', default: '1' },
      rate: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const [times, minutes, rms, tms, perSecond, seed] = [
    Number(values.times),
    Number(values.minutes),
    Number(values.rms),
    Number(values.tms),
    Number(values.rate),
    Number(values.seed),
  ];
  const chosen = values.strike?.split(',');
  const isWrong =
    chosen?.some((name) => !NAMES.includes(name)) === true ||
    !(Number.isInteger(times) && times >= 1 && times <= 100) ||
    !(minutes > 0 && minutes <= 600) ||
    !(Number.isInteger(rms) && rms >= 3 && rms <= 9) ||
    !(Number.isInteger(tms) && tms >= 1 && tms <= 9) ||
    !(perSecond >= 1 && perSecond <= 1_000) ||
    !Number.isSafeInteger(seed);
  if (isWrong) throw new TypeError(FAILOVER_USAGE);
  const strikes =
    chosen === undefined
      ? halfBroken.filter(({ needs }) => !(values.embedded && needs === 'servers'))
      : [...halfBroken, ...OTHERS].filter(({ name }) => chosen.includes(name));
  const hosts = PrivateNetwork.whyNot() === null ? 'namespaces' : 'loopback';
  return {
    strikes,
    busy: chosen?.includes(BUSY) ?? true,
    times,
    minutes,
    json: values.json,
    bank: { storage: values.embedded ? 'embedded' : 'servers', hosts, rms, tms, perSecond, seed },
  };
}
