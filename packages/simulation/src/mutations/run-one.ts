/** One mutation in a process of its own: seeds until one of them finds it. Prints one line of JSON per seed and a last one. */
import { join } from 'node:path';
import type { runSeed as RunSeed } from '../run-seed';
import { loadMutated } from './compile-mutated';
import { MUTATIONS } from './mutations';

async function main(): Promise<void> {
  const [name = '', from = '1', most = '2000'] = process.argv.slice(2);
  const mutation = MUTATIONS.find((one) => one.name === name);
  if (mutation === undefined) throw new Error(`no mutation is called "${name}"`);
  loadMutated(mutation, join(__dirname, '../../..'));
  // Only now: loading it loads all packages.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { runSeed } = require('../run-seed') as { readonly runSeed: typeof RunSeed };
  for (let seed = Number(from); seed < Number(from) + Number(most); seed += 1) {
    const report = await runSeed({ seed, stopsAtFirst: true, ...(mutation.faults === undefined ? {} : { faults: mutation.faults }) });
    const finding = report.findings.find(({ rule }) => rule !== 'enough happened');
    if (finding !== undefined) {
      process.stdout.write(`${JSON.stringify({ caught: true, seeds: seed - Number(from) + 1, seed, rule: finding.rule, text: finding.text })}\n`);
      return;
    }
  }
  process.stdout.write(`${JSON.stringify({ caught: false, seeds: Number(most) })}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(2);
  },
);
