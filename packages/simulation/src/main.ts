/** `npm run simulate -- --seed S [--trace] [--faults "a,b"] [--also "c"]`: one seed, its timeline and its verdict; with these faults instead of its own, or beside them. Exit code 1: a finding; 2: wrong arguments. */
import { endsWrong, programOptions, wholeNumber } from '@mas/auditor';
import { faultsNamed } from './faults/nemesis';
import { renderReport } from './report';
import { runSeed } from './run-seed';

const USAGE = 'usage: npm run simulate -- [--seed S] [--trace] [--faults "a,b"] [--also "c"]';

async function main(): Promise<void> {
  const values = programOptions(USAGE, {
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    faults: { type: 'string' },
    also: { type: 'string' },
  });
  const seed = wholeNumber(values.seed, 1) ?? endsWrong(USAGE, '--seed takes a whole number from 0');
  const faults = faultsNamed(values.faults, (problem) => endsWrong(USAGE, problem));
  const trace = values.trace;
  const also = faultsNamed(values.also, (problem) => endsWrong(USAGE, problem)) ?? [];
  const options = { seed, keepsDetails: trace, also, ...(faults === null ? {} : { faults }) };
  const report = await runSeed(options);
  process.stdout.write(renderReport(report, trace));
  const again = await runSeed({ ...options, keepsDetails: false });
  const same = again.hash === report.hash;
  process.stdout.write(`replay: ${same ? 'the same history, to the byte' : `DIFFERENT: ${again.hash}`}\n`);
  process.exitCode = report.findings.length === 0 && same ? 0 : 1;
}

// A reader that has gone (| head) changes nothing about the verdict.
process.stdout.on('error', () => undefined);
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 2;
});
