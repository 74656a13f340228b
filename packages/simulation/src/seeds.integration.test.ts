/**
 * The whole system under every kind of fault, one seed after the other, in bounded time; and every seed that ever failed.
 * A failing seed is shown with `npm run simulate -- --seed S --trace`.
 */
import { ALL_FAULTS } from './faults/nemesis';
import { REGRESSION_SEEDS } from './regression-seeds';
import { verdictLine } from './report';
import { runSeed } from './run-seed';

/** So many fit at least, however busy the machine; more as time allows. */
const MIN_SEEDS = 8;
/** … up to a bound, so that every change is judged by the same histories. */
const MAX_SEEDS = 60;
const BUDGET_MS = 75_000;
const FIRST_SEED = 1_500;
/** The first of them that have drawn every kind of fault are 41. */
const ENOUGH_SEEDS = 41;

describe('simulated cluster', () => {
  test('the same seed gives the same history, to the byte', async () => {
    const [one, other] = [await runSeed({ seed: 7 }), await runSeed({ seed: 7, keepsDetails: true })];
    expect(other.hash).toBe(one.hash);
    expect((await runSeed({ seed: 8 })).hash).not.toBe(one.hash);
  });

  test.each(REGRESSION_SEEDS)('seed $seed: $was', async ({ seed, faults }) => {
    const report = await runSeed({ seed, faults });
    expect(report.findings.map((finding) => `${finding.rule}: ${finding.text}`)).toEqual([]);
  });

  test('seeds pass, and between them every kind of fault has struck', async () => {
    const failures: string[] = [];
    const struck = new Set<string>();
    const endMs = Date.now() + BUDGET_MS;
    let seed = FIRST_SEED;
    for (; seed < FIRST_SEED + MIN_SEEDS || (seed < FIRST_SEED + MAX_SEEDS && Date.now() < endMs); seed += 1) {
      const report = await runSeed({ seed });
      report.faults.forEach((fault) => struck.add(fault));
      if (report.findings.length > 0) failures.push(verdictLine(report));
    }
    expect(failures).toEqual([]);
    process.stdout.write(`${seed - FIRST_SEED} seeds passed\n`);
    if (seed - FIRST_SEED >= ENOUGH_SEEDS) expect([...struck].sort()).toEqual(ALL_FAULTS.map((fault) => fault.name).sort());
  });
});
