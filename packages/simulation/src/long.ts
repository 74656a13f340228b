/**
 * Seeds one after the other, as many as fit: `node dist/long.js --minutes N [--from S] [--seeds N] [--faults a,b] [--also c]`, with progress and totals.
 * Exit code 1: a finding; 2: wrong arguments.
 */
import { endsWrong, programOptions, wholeNumber } from '@mas/auditor';
import { missedBranches } from './audit/branches';
import { faultsNamed } from './faults/nemesis';
import { verdictLine } from './report';
import { runSeed } from './run-seed';

const USAGE = 'usage: node dist/long.js [--minutes 10] [--from 1] [--seeds N] [--faults "a,b"] [--also "c"]';
const DEFAULT_MINUTES = 10;
const MINUTE_MS = 60_000;

const PROGRESS_MS = 10_000;
const VERDICTS = ['committed', 'aborted', 'refused', 'unknown'];

async function main(): Promise<void> {
  const values = programOptions(USAGE, {
    minutes: { type: 'string' },
    from: { type: 'string' },
    seeds: { type: 'string' },
    faults: { type: 'string' },
    also: { type: 'string' },
  });
  const wanted = (name: 'minutes' | 'from' | 'seeds', fallback: number, least: number): number =>
    wholeNumber(values[name], fallback, least) ?? endsWrong(USAGE, `--${name} takes a whole number from ${least}`);
  const endMs = Date.now() + wanted('minutes', DEFAULT_MINUTES, 1) * MINUTE_MS;
  const most = wanted('seeds', Number.MAX_SAFE_INTEGER, 1);
  const from = wanted('from', 1, 0);
  const faults = faultsNamed(values.faults, (problem) => endsWrong(USAGE, problem));
  const also = faultsNamed(values.also, (problem) => endsWrong(USAGE, problem)) ?? [];
  const totals = new Map<string, number>();
  const failed: number[] = [];
  const visited = new Set<string>();
  const began = { ms: Date.now(), cpu: process.cpuUsage() };
  let simulatedMs = 0;
  let [seeds, nextProgressMs] = [0, Date.now() + PROGRESS_MS];
  while (Date.now() < endMs && seeds < most) {
    const report = await runSeed({ seed: from + seeds, also, ...(faults === null ? {} : { faults }) });
    seeds += 1;
    simulatedMs += report.simulatedMs;
    for (const branch of report.branches) visited.add(branch);
    for (const [name, count] of Object.entries(report.figures)) totals.set(name, (totals.get(name) ?? 0) + count);
    if (report.findings.length > 0) {
      failed.push(report.seed);
      process.stdout.write(`${verdictLine(report)}\n`);
    }
    if (Date.now() >= nextProgressMs) {
      nextProgressMs = Date.now() + PROGRESS_MS;
      process.stdout.write(`${seeds} seeds, ${totals.get('payments committed') ?? 0} payments committed, ${failed.length} seeds failed\n`);
    }
  }
  for (const [name, count] of [...totals].sort(([a], [b]) => (a < b ? -1 : 1))) process.stdout.write(`${String(count).padStart(10)}  ${name}\n`);
  const payments = VERDICTS.reduce((sum, verdict) => sum + (totals.get(`payments ${verdict}`) ?? 0), 0);
  process.stdout.write(`${payments} payments simulated, ${totals.get('faults injected') ?? 0} faults injected\n`);
  const missed = missedBranches(visited);
  process.stdout.write(
    `${visited.size} branches of the protocol visited${missed.length === 0 ? '' : `; of those that are known not: ${missed.join(' | ')}`}\n`,
  );
  process.stdout.write(`${speedOf(simulatedMs, Date.now() - began.ms, process.cpuUsage(began.cpu))}\n`);
  process.stdout.write(`${seeds} seeds from ${from}: ${failed.length === 0 ? 'all pass' : `failed: ${failed.join(' ')}`}\n`);
  process.exitCode = failed.length === 0 && seeds > 0 ? 0 : 1;
}

/** By the clock, and by what one core has worked: the machine may do other things beside. */
function speedOf(simulatedMs: number, realMs: number, { user, system }: NodeJS.CpuUsage): string {
  const cpuMs = (user + system) / 1_000;
  const times = (ms: number): string => (simulatedMs / Math.max(1, ms)).toFixed(0);
  return `${(simulatedMs / 1_000).toFixed(0)} s simulated in ${(realMs / 1_000).toFixed(0)} s (${times(realMs)} times real time), ${(cpuMs / 1_000).toFixed(0)} s of a core (${times(cpuMs)} times)`;
}

// A reader that has gone (| head) changes nothing about the verdict.
process.stdout.on('error', () => undefined);
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
