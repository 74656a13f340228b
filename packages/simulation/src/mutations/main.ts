/**
 * `npm run mutations [-- --only name] [--seeds N] [--part 1/3]`: every deliberate bug, after how many seeds it is caught and by
 * which rule; fails when one is not. One after the other, each in a process of its own, so that one core is enough.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { endsWrong, programOptions, wholeNumber } from '@mas/auditor';
import type { Mutation } from './mutation';
import { MUTATIONS } from './mutations';

interface Caught {
  readonly caught: boolean;
  readonly seeds: number;
  readonly seed?: number;
  readonly rule?: string;
  readonly text?: string;
}

type Result = Caught | { readonly caught: false; readonly seeds: 0; readonly failure: string };

const USAGE = 'usage: npm run mutations -- [--only TEXT] [--seeds 2000] [--part 1/3]';
const MAX_SEEDS = 2_000;
const NAME_WIDTH = 42;
const SEEDS_WIDTH = 6;

function main(): void {
  const values = programOptions(USAGE, { only: { type: 'string' }, seeds: { type: 'string' }, part: { type: 'string' } });
  const only = values.only;
  const most = wholeNumber(values.seeds, MAX_SEEDS, 1) ?? endsWrong(USAGE, '--seeds takes a whole number from 1');
  const [part = 1, parts = 1] = /^[1-9]\d*\/[1-9]\d*$/.test(values.part ?? '1/1')
    ? (values.part ?? '1/1').split('/').map(Number)
    : endsWrong(USAGE, '--part takes K/N, such as 1/3');
  const wanted = MUTATIONS.filter((mutation) => only === undefined || mutation.name.includes(only)).filter((_, at) => at % parts === part - 1);
  if (wanted.length === 0) endsWrong(USAGE, 'no mutation is called so: names are in packages/simulation/README.md');
  let [missed, seeds] = [0, 0];
  row('mutation', 'seeds', 'caught by');
  row('-'.repeat(NAME_WIDTH), `${'-'.repeat(SEEDS_WIDTH - 1)}:`, '---');
  for (const mutation of wanted) {
    const result = run(mutation, most);
    seeds += result.seeds;
    if (!result.caught) missed += 1;
    row(mutation.name, String(result.seeds), verdictOf(result));
    if (only !== undefined && 'text' in result) process.stdout.write(`${result.text ?? ''}\n`);
  }
  process.stdout.write(`${wanted.length - missed} of ${wanted.length} mutations caught, within ${seeds} seeds altogether\n`);
  process.exitCode = missed === 0 ? 0 : 1;
}

function run(mutation: Mutation, most: number): Result {
  const child = spawnSync(process.execPath, ['--max-semi-space-size=32', join(__dirname, 'run-one.js'), mutation.name, '1', String(most)], {
    encoding: 'utf8',
  });
  const last = child.stdout.trim().split('\n').at(-1) ?? '';
  if (child.status === 0 && last.startsWith('{')) return JSON.parse(last) as Caught;
  return { caught: false, seeds: 0, failure: child.signal ?? child.stderr.trim().split('\n')[0] ?? '' };
}

function verdictOf(result: Result): string {
  if ('failure' in result) return `DID NOT RUN: ${result.failure}`;
  return result.caught ? (result.rule ?? '') : 'NOT CAUGHT';
}

function row(name: string, seeds: string, how: string): void {
  process.stdout.write(`| ${name.padEnd(NAME_WIDTH)} | ${seeds.padStart(SEEDS_WIDTH)} | ${how} |\n`);
}

// A reader that has gone (| head) changes nothing about the verdict.
process.stdout.on('error', () => undefined);
main();
