/**
 * Drives the core through etcd's own traces:
 *   node dist/conformance/main.js [--traces DIR] [--seeds N] [--allow-missing]
 * Exit code 0: every block of every file is equal for every seed. 1: a difference. 2: not run (traces missing,
 * unless --allow-missing) or wrong arguments.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeDifference, runTraces } from './run-traces';
import { findTraceFolder, HOW_TO_GET_TRACES, readTraces } from './trace-folder';

const DEFAULT_SEEDS = 100;
const REPOSITORY_ROOT = resolve(__dirname, '../../../..');
const MAX_SHOWN_DIFFERENCES = 5;

// A reader that has gone (| head) changes nothing about the verdict.
process.stdout.on('error', () => undefined);
try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`raft conformance: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

function main(): number {
  const { values } = parseArgs({
    options: { traces: { type: 'string' }, seeds: { type: 'string' }, 'allow-missing': { type: 'boolean', default: false } },
  });
  const count = Number(values.seeds ?? DEFAULT_SEEDS);
  if (!Number.isSafeInteger(count) || count < 1) {
    process.stderr.write(`--seeds must be a positive integer, is ${String(values.seeds)}\n`);
    return 2;
  }
  const folder = findTraceFolder(REPOSITORY_ROOT, values.traces);
  const sources = folder === undefined ? [] : readTraces(folder);
  if (sources.length === 0) {
    process.stdout.write(`raft conformance: not run, no trace files found.\n${HOW_TO_GET_TRACES}\n`);
    return values['allow-missing'] ? 0 : 2;
  }
  const report = runTraces(
    sources,
    Array.from({ length: count }, (_, seed) => seed),
  );
  for (const difference of report.differences.slice(0, MAX_SHOWN_DIFFERENCES)) process.stdout.write(`${describeDifference(difference)}\n`);
  const runs = report.files * count;
  process.stdout.write(
    `raft conformance: ${report.files} files, ${report.blocks} blocks, ${count} seeds: ` +
      `${report.equalBlocks} of ${report.blocks * count} block runs equal, ${report.differences.length} of ${runs} file runs differ.\n`,
  );
  return report.differences.length === 0 ? 0 : 1;
}
