/**
 * `npm run test:fire`: every scenario, one after the other, on one cluster of real processes; then the table. Exit code 1 when
 * a scenario failed, 2 for wrong arguments.
 *
 *   --list         the names
 *   --only TEXT    the scenarios whose name contains TEXT
 *   --seed N       of the load (default: by the time; printed)
 */
import { parseArgs } from 'node:util';
import { renderFinalAudit } from '../harness/final-audit';
import { onStopAsked } from '../harness/stop-asked';
import { runScenario, type ScenarioResult } from './run-scenario';
import type { Scenario } from './scenario';
import { scenarios } from './scenarios';
import { ms, renderTable, row, spread } from './table';
import { World } from './world';

interface Outcome {
  readonly results: readonly ScenarioResult[];
  readonly leftOut: readonly string[];
  readonly failures: readonly string[];
  /** Of the last cluster: histories against rows. */
  readonly final: string;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { list: { type: 'boolean' }, only: { type: 'string' }, seed: { type: 'string' } } });
  const chosen = scenarios.filter((scenario) => scenario.name.includes(values.only ?? ''));
  if (values.list === true) {
    print(chosen.map((scenario) => scenario.name).join('\n'));
    return 0;
  }
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (!Number.isSafeInteger(seed) || chosen.length === 0) {
    process.stderr.write('fire: --seed is a whole number, and --only part of a name that --list prints\n');
    return 2;
  }
  print(`${chosen.length} scenarios on 3 RMs × 3 buckets × 3 replicas, 2 TMs, MariaDB and Redis; seed ${seed}`);
  const startedAtMs = performance.now();
  const outcome = await runAll(chosen, seed);
  print(`\n${renderTable(outcome.results.map(row))}`);
  print(`\nresolution of single payments in doubt: ${spread(outcome.results.flatMap((result) => result.resolutionsMs))}`);
  print(outcome.final);
  print(`${outcome.results.length} scenarios ran, ${outcome.leftOut.length} left out, ${outcome.failures.length} failed, in ${ms(performance.now() - startedAtMs)}`);
  for (const text of [...outcome.leftOut, ...outcome.failures]) print(text);
  return outcome.failures.length === 0 ? 0 : 1;
}

async function runAll(chosen: readonly Scenario[], seed: number): Promise<Outcome> {
  const [results, leftOut, failures]: [ScenarioResult[], string[], string[]] = [[], [], []];
  let world = await World.start(seed);
  const stop = (): void => void world.stop().finally(() => process.exit(130));
  onStopAsked(stop);
  for (const scenario of chosen) {
    const reason = scenario.unavailable?.(world) ?? null;
    if (reason !== null) {
      leftOut.push(`left out: ${scenario.name}: ${reason}`);
      continue;
    }
    process.stdout.write(`${scenario.name} … `);
    try {
      const result = await runScenario(world, scenario);
      results.push(result);
      print(result.problems.length === 0 ? `ok (${result.committed} acknowledged, first success ${ms(result.firstSuccessMs)})` : 'FAILED');
      failures.push(...result.problems.map((problem) => `${scenario.name}: ${problem}`));
    } catch (error) {
      print('FAILED');
      failures.push(`${scenario.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (failures.some((failure) => failure.startsWith(scenario.name))) {
      // What comes next must not pay for this one.
      await world.stop();
      world = await World.start(seed + results.length);
    }
  }
  const final = await world.auditAtRest();
  failures.push(...final.findings.map(({ rule, text }) => `${rule}: ${text}`));
  await world.stop();
  return { results, leftOut, failures, final: renderFinalAudit(final) };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`fire: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
