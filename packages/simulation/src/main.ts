/** `npm run simulate -- --seed S [--trace] [--faults "a,b"]`: one seed, its timeline and its verdict. */
import { renderReport } from './report';
import { runSeed } from './run-seed';

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function main(): Promise<void> {
  const seed = Number(argument('seed') ?? '1');
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number from 0');
  const trace = process.argv.includes('--trace');
  const only = argument('faults');
  const options = { seed, keepsDetails: trace, ...(only === undefined ? {} : { faults: only.split(',').filter((name) => name !== '') }) };
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
