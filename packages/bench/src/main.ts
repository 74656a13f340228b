#!/usr/bin/env node
/** `npm run bench [-- payments|conditions|reads|elasticity|metrics|users|raft|stages|failover|restore] [--mysql --redis] [--seconds N] [--only REGEX]`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONDITIONS_USAGE, runConditionsBench } from './conditions/conditions-bench';
import { ELASTICITY_USAGE, runElasticityBench } from './elasticity/elasticity-bench';
import { FAILOVER_USAGE, runFailoverBench } from './failover/failover-bench';
import { createProgress } from './progress';
import { runPaymentsBench, RESULTS_FOLDER } from './payments-bench';
import { RAFT_USAGE, runRaftBench } from './raft/raft-bench';
import { READS_USAGE, runReadsBench } from './reads/reads-bench';
import { renderReport } from './report';
import { RESTORE_USAGE, runRestoreBench } from './restore/restore-bench';
import { runStagesBench, STAGES_USAGE } from './stages/stages-bench';
import { runUsersBench, USERS_USAGE } from './users/users-bench';
import { runWatchedBench, WATCHED_USAGE } from './watched/watched-bench';

const USAGE =
  'usage: npm run bench -- [payments] [--mysql --redis] [--seconds 5] [--accounts 3000] [--seed 1] [--warm-up steady|PAYMENTS] [--only REGEX] [--no-yardsticks] [--json]\n       npm run bench -- conditions | reads | elasticity | metrics | users | raft | stages | failover | restore; --help after each says more';
const STEADY = 'steady';

type Part = readonly [run: (args: readonly string[]) => Promise<number>, usage: string];

async function main(): Promise<number> {
  const [kind, ...rest] = process.argv.slice(2);
  const parts: Readonly<Record<string, Part>> = {
    conditions: [runConditionsBench, CONDITIONS_USAGE],
    reads: [runReadsBench, READS_USAGE],
    elasticity: [runElasticityBench, ELASTICITY_USAGE],
    raft: [runRaftBench, RAFT_USAGE],
    stages: [runStagesBench, STAGES_USAGE],
    failover: [runFailoverBench, FAILOVER_USAGE],
    users: [runUsersBench, USERS_USAGE],
    metrics: [runWatchedBench, WATCHED_USAGE],
    restore: [runRestoreBench, RESTORE_USAGE],
  };
  const [run, usage] = parts[kind ?? ''] ?? [null, USAGE];
  if (process.argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  if (run !== null) return run(rest);
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      mysql: { type: 'boolean', default: false },
      redis: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '5' },
      accounts: { type: 'string', default: '3000' },
      seed: { type: 'string', default: '1' },
      'warm-up': { type: 'string', default: STEADY },
      only: { type: 'string' },
      'no-yardsticks': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [what = 'payments'] = positionals;
  const seconds = Number(values.seconds);
  const accounts = Number(values.accounts);
  const seed = Number(values.seed);
  const warmUpPayments = values['warm-up'] === STEADY ? null : Number(values['warm-up']);
  if (
    what !== 'payments' ||
    !(seconds > 0 && seconds <= 600) ||
    !(Number.isInteger(accounts) && accounts >= 30) ||
    !Number.isInteger(seed) ||
    !(warmUpPayments === null || (Number.isInteger(warmUpPayments) && warmUpPayments >= 0))
  )
    throw new TypeError(USAGE);
  if (values.mysql !== values.redis) throw new TypeError('give --mysql and --redis together, or neither for the embedded stores');
  const progress = createProgress(process.stderr.isTTY);
  const report = await runPaymentsBench(
    {
      storage: values.mysql ? 'servers' : 'embedded',
      durationMs: seconds * 1000,
      accounts,
      seed,
      yardsticks: !values['no-yardsticks'],
      warmUpPayments,
      only: values.only === undefined ? null : new RegExp(values.only),
    },
    progress,
  );
  progress.done();
  const json = JSON.stringify(report, null, 2);
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  const file = join(RESULTS_FOLDER, `payments-${report.storage}.json`);
  writeFileSync(file, `${json}\n`);
  process.stdout.write(values.json ? `${json}\n` : `${renderReport(report)}\n\nJSON: ${file}\n`);
  return report.conserved ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof TypeError ? 2 : 1);
  },
);
