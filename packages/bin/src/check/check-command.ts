/** `mas check`: what this machine can carry, before a cluster is trusted to it. */
import type { Command } from 'commander';

export interface PerfFlags {
  readonly folder: string;
  readonly redis?: string;
  readonly sql?: string;
  readonly db?: string;
  readonly seconds: string;
  readonly json?: true;
}

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('what this machine can carry')
    .command('perf')
    .description('how fast the disk makes writes durable, one core hashes, and Redis and the SQL server answer; under a minute')
    .option('--folder <dir>', 'on the disk that the log shall use', '.')
    .option('--redis <url>', 'as of mas tc; a password only in MAS_REDIS')
    .option('--sql <url>', 'as of mas rm; a password only in MAS_SQL; a table is made and dropped in the database that --db names')
    .option('--db <name>', 'a database that exists')
    .option('--seconds <n>', 'how long each is measured', '5')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  mas check perf --folder /var/lib/mas --redis redis://localhost:6379 --sql mysql://mas@localhost:3306 --db mas1')
    .action(async (flags: PerfFlags) => (await import('./perf.js')).checkPerf(flags));
}
