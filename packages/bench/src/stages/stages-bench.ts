/**
 * `npm run bench -- stages`: what every stage of a payment costs, in one process without network, disk or databases. A
 * table, and the same as JSON. The sum is what is left when everything around our own code is taken away; the benchmark of
 * the whole cluster has the rest (sockets, TLS, log, databases' clients, cold caches, garbage of what lives long).
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { RESULTS_FOLDER } from '../payments-bench';
import { renderStages, type StagesReport } from './stages-report';

/** The young generation of production, at its full size from the start. */
const NODE_FLAGS = ['--max-semi-space-size=32', '--min-semi-space-size=32'];
const LONGEST_MS = 900_000;
export const STAGES_USAGE = 'usage: npm run bench -- stages [--rounds 20] [--json]; 4 to 400 rounds';

export async function runStagesBench(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } } });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 4 || rounds > 400) throw new TypeError(STAGES_USAGE);
  const { stdout } = await promisify(execFile)(process.execPath, [...NODE_FLAGS, join(__dirname, 'stages-process.js'), String(rounds)], {
    timeout: LONGEST_MS,
  });
  const report = JSON.parse(stdout) as StagesReport;
  const json = JSON.stringify(report, null, 2);
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const file = join(RESULTS_FOLDER, 'stages.json');
  writeFileSync(file, `${json}\n`);
  process.stdout.write(values.json ? `${json}\n` : `${renderStages(report)}\n\nJSON: ${file}\n`);
  return 0;
}
