/** Seeds one after the other, as many as fit: `node dist/long.js --minutes N [--from S] [--seeds N] [--faults a,b]`, with progress and totals. */
import { verdictLine } from './report';
import { runSeed } from './run-seed';

const PROGRESS_MS = 10_000;
const VERDICTS = ['committed', 'aborted', 'refused', 'unknown'];

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function main(): Promise<void> {
  const endMs = Date.now() + Number(argument('minutes') ?? '10') * 60_000;
  const most = Number(argument('seeds') ?? Number.MAX_SAFE_INTEGER);
  const from = Number(argument('from') ?? '1');
  const only = argument('faults');
  const totals = new Map<string, number>();
  const failed: number[] = [];
  let [seeds, nextProgressMs] = [0, Date.now() + PROGRESS_MS];
  while (Date.now() < endMs && seeds < most) {
    const report = await runSeed({ seed: from + seeds, ...(only === undefined ? {} : { faults: only.split(',').filter((name) => name !== '') }) });
    seeds += 1;
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
  process.stdout.write(`${seeds} seeds from ${from}: ${failed.length === 0 ? 'all pass' : `failed: ${failed.join(' ')}`}\n`);
  process.exitCode = failed.length === 0 && seeds > 0 ? 0 : 1;
}

// A reader that has gone (| head) changes nothing about the verdict.
process.stdout.on('error', () => undefined);
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
