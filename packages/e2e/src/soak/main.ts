/**
 * `npm run soak -- --hours N`: load for hours, and every ten seconds a fault drawn at random from a printed seed. After each
 * fault everything must be resolved, and the auditor goes through all that was done since the last. After each hour, and at the
 * end, the cluster comes to rest, and all that was asked and heard is held against the rows; then a fresh one takes over.
 *
 *   --hours N      how long (a fraction will do)
 *   --seed N       of the faults and the load
 *   --every N      seconds between the beginnings of two faults (default 10)
 */
import { SeededRandom } from '@mas/values';
import { FIRE_OPTIONS, runScenario, type ScenarioResult } from '../fire/run-scenario';
import type { Scenario } from '../fire/scenario';
import { scenarios } from '../fire/scenarios';
import { ms, renderTable, row, spread } from '../fire/table';
import { World } from '../fire/world';
import { onStopAsked } from '../harness/stop-asked';
import { endsWrong, programOptions } from '@mas/auditor';
import { renderFinalAudit } from '../harness/final-audit';

const USAGE = 'usage: npm run soak -- [--hours N] [--seed N] [--every SECONDS]';
const HOUR_MS = 3_600_000;
const LINES_KEPT = 40;

async function main(): Promise<number> {
  const values = programOptions(USAGE, { hours: { type: 'string', default: '1' }, seed: { type: 'string' }, every: { type: 'string', default: '10' } });
  const [hours, every, seed] = [Number(values.hours), Number(values.every), Number(values.seed ?? Date.now() % 1_000_000)];
  if (!(hours > 0) || !(every > 0) || !Number.isSafeInteger(seed))
    endsWrong(USAGE, 'soak: --hours and --every are numbers above zero, --seed is a whole number');
  print(`soak for ${hours} h, a fault every ${every} s or as soon as the last one is over; seed ${seed}`);
  let asked = false;
  onStopAsked(() => (asked = true));
  const endMs = performance.now() + hours * HOUR_MS;
  const results: ScenarioResult[] = [];
  const random = new SeededRandom(seed + 1);
  for (let cluster = 0; performance.now() < endMs && !asked; cluster += 1) {
    const world = await World.start(seed + cluster);
    try {
      const problems = await soak(world, random, Math.min(endMs, performance.now() + HOUR_MS), every * 1_000, () => asked, results);
      if (problems.length > 0) {
        print(`\nFAILED after ${results.length} faults:\n${problems.join('\n')}\n${world.cluster.diagnostics()}`);
        return 1;
      }
    } finally {
      await world.stop();
    }
  }
  print(`\n${renderTable(results.slice(-LINES_KEPT).map(row))}`);
  print(
    `\n${results.length} faults, ${results.reduce((sum, result) => sum + result.committed, 0)} payments acknowledged, in doubt: ${spread(results.flatMap((result) => result.resolutionsMs))}; longest way to a first success ${ms(Math.max(0, ...results.map((result) => result.firstSuccessMs ?? 0)))}`,
  );
  return results.length === 0 ? 1 : 0;
}

/** Returns what went wrong; nothing when all is well. */
async function soak(
  world: World,
  random: SeededRandom,
  untilMs: number,
  everyMs: number,
  asked: () => boolean,
  results: ScenarioResult[],
): Promise<readonly string[]> {
  const possible = scenarios.filter((scenario) => (scenario.ground ?? 'links') === 'links' && (scenario.unavailable?.(world) ?? null) === null);
  while (performance.now() < untilMs && !asked()) {
    const startedAtMs = performance.now();
    const result = await runScenario(world, draw(possible, random), FIRE_OPTIONS);
    results.push(result);
    print(row(result).join('  '));
    if (result.problems.length > 0) return result.problems;
    const restMs = everyMs - (performance.now() - startedAtMs);
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  const final = await world.auditAtRest();
  print(renderFinalAudit(final));
  return final.findings.map(({ rule, text }) => `${rule}: ${text}`);
}

function draw(from: readonly Scenario[], random: SeededRandom): Scenario {
  const drawn = from[Math.floor(random.unit() * from.length)];
  if (drawn === undefined) throw new Error('there is no scenario to draw');
  return drawn;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
