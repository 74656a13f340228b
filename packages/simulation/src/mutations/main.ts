/** `node dist/mutations/main.js [--only name] [--seeds N] [--part 1/3]`: every deliberate bug, and after how many seeds it is caught. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { MUTATIONS } from './mutations';

interface Caught {
  readonly caught: boolean;
  readonly seeds: number;
  readonly seed?: number;
  readonly rule?: string;
  readonly text?: string;
}

const MAX_SEEDS = 2_000;
const SHOWN_CHARACTERS = 90;

function argument(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

function main(): void {
  const only = argument('only');
  const seeds = argument('seeds') ?? String(MAX_SEEDS);
  const [part, parts] = (argument('part') ?? '1/1').split('/').map(Number);
  const wanted = MUTATIONS.filter((mutation) => only === undefined || mutation.name.includes(only)).filter((_, at) => at % (parts ?? 1) === (part ?? 1) - 1);
  let missed = 0;
  process.stdout.write(`${'mutation'.padEnd(44)} ${'seeds'.padStart(6)}  caught by\n`);
  for (const mutation of wanted) {
    const run = spawnSync(process.execPath, [join(__dirname, 'run-one.js'), mutation.name, '1', seeds], { encoding: 'utf8' });
    const last = run.stdout.trim().split('\n').at(-1) ?? '';
    const result: Caught | null = run.status === 0 && last.startsWith('{') ? (JSON.parse(last) as Caught) : null;
    if (result?.caught !== true) missed += 1;
    const how = result === null ? `did not run: ${run.signal ?? run.stderr.trim().split('\n')[0] ?? ''}` : result.caught ? `${result.rule ?? ''}: ${(result.text ?? '').split('\n')[0]?.slice(0, SHOWN_CHARACTERS) ?? ''}` : 'NOT CAUGHT';
    process.stdout.write(`${mutation.name.padEnd(44)} ${String(result?.seeds ?? '-').padStart(6)}  ${how}\n`);
  }
  process.stdout.write(`${wanted.length - missed} of ${wanted.length} mutations caught\n`);
  process.exitCode = missed === 0 && wanted.length > 0 ? 0 : 1;
}

main();
