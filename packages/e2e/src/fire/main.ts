/**
 * `npm run test:fire`: every scenario, one after the other, on a cluster of real processes for each ground; then the table. Exit code 1 when
 * a scenario failed, 2 for wrong arguments.
 *
 *   --list         the names
 *   --only TEXT    the scenarios whose name contains TEXT
 *   --patient      on a machine that is busy: as much load as it bears, and nothing is said of time; the judge is the same
 *   --seed N       of the load (default: by the time; printed)
 */
import { renderFinalAudit } from '../harness/final-audit';
import { endsWrong, programOptions } from '@mas/auditor';
import { onStopAsked } from '../harness/stop-asked';
import { runScenario, type ScenarioResult } from './run-scenario';
import { grounds, type Ground, type Scenario } from './scenario';
import { scenarios } from './scenarios';
import { ms, renderTable, row, spread } from './table';
import { World } from './world';

const USAGE = 'usage: npm run test:fire -- [--list] [--only TEXT] [--patient] [--seed N]';

interface Outcome {
  readonly results: ScenarioResult[];
  readonly leftOut: string[];
  readonly failures: string[];
  /** Of the last cluster of each ground: histories against rows. */
  readonly finals: string[];
}

/** What must be stopped when a person stops the run. */
interface Held {
  world: World | null;
}

async function main(): Promise<number> {
  const values = programOptions(USAGE, { list: { type: 'boolean' }, only: { type: 'string' }, patient: { type: 'boolean' }, seed: { type: 'string' } });
  const chosen = scenarios.filter((scenario) => scenario.name.includes(values.only ?? ''));
  if (values.list === true) {
    print(chosen.map((scenario) => scenario.name).join('\n'));
    return 0;
  }
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (!Number.isSafeInteger(seed) || chosen.length === 0) endsWrong(USAGE, 'fire: --seed is a whole number, and --only part of a name that --list prints');
  print(`${chosen.length} scenarios on 3 buckets, 3 RMs and replicas (or 5, where it says so), 2 TMs, MariaDB and Redis; seed ${seed}`);
  const startedAtMs = performance.now();
  const outcome = await runAll(chosen, seed, values.patient === true);
  print(`\n${renderTable(outcome.results.map(row))}`);
  print(`\nresolution of single payments in doubt: ${spread(outcome.results.flatMap((result) => result.resolutionsMs))}`);
  for (const final of outcome.finals) print(final);
  print(
    `${outcome.results.length} scenarios ran, ${outcome.leftOut.length} left out, ${outcome.failures.length} failed, in ${ms(performance.now() - startedAtMs)}`,
  );
  for (const text of [...outcome.leftOut, ...outcome.failures]) print(text);
  return outcome.failures.length === 0 ? 0 : 1;
}

async function runAll(chosen: readonly Scenario[], seed: number, patient: boolean): Promise<Outcome> {
  const outcome: Outcome = { results: [], leftOut: [], failures: [], finals: [] };
  const held: Held = { world: null };
  onStopAsked(() => void (held.world?.stop() ?? Promise.resolve()).finally(() => process.exit(130)));
  for (const ground of grounds) {
    const here = chosen.filter((scenario) => (scenario.ground ?? 'links') === ground).map((scenario) => (patient ? { ...scenario, untimed: true } : scenario));
    if (here.length === 0) continue;
    print(`on ${ground}:`);
    await runOn(ground, here, seed, outcome, held).catch((error: unknown) => {
      // A ground that cannot be had here fails all that needs it, and leaves nothing out in silence.
      outcome.failures.push(...here.map(({ name }) => `${name}: ${textOf(error)}`));
    });
  }
  return outcome;
}

async function runOn(ground: Ground, chosen: readonly Scenario[], seed: number, { results, leftOut, failures, finals }: Outcome, held: Held): Promise<void> {
  let world = (held.world = await World.start(seed, ground));
  for (const scenario of chosen) {
    const reason = scenario.unavailable?.(world) ?? null;
    if (reason !== null) {
      leftOut.push(`left out: ${scenario.name}: ${reason}`);
      continue;
    }
    process.stdout.write(`${scenario.name} … `);
    const failuresBefore = failures.length;
    try {
      const result = await runScenario(world, scenario);
      results.push(result);
      print(
        result.problems.length === 0 ? `ok (${result.committed} acknowledged, first success ${ms(result.firstSuccessMs)})` : failed(result.problems[0] ?? ''),
      );
      failures.push(...result.problems.map((problem) => `${scenario.name}: ${problem}`));
    } catch (error) {
      print(failed(textOf(error)));
      failures.push(`${scenario.name}: ${textOf(error)}`);
    }
    if (failures.length > failuresBefore) {
      // What comes next must not pay for this one.
      await world.stop();
      world = held.world = await World.start(seed + results.length, ground);
    }
  }
  const final = await world.auditAtRest();
  failures.push(...final.findings.map(({ rule, text }) => `${rule}: ${text}`));
  finals.push(renderFinalAudit(final));
  await world.stop();
  held.world = null;
}

/** In one line; all of it stands at the end. */
function failed(problem: string): string {
  return `FAILED: ${problem.split('\n')[0] ?? ''}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
