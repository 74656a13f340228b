/** Many walks of the model are done to production's code; with any rule of production broken, one of them is left. */
import { walksOfModel } from './quint';
import { replay, traceOf, type Step } from './replay';
import { withMutant } from './testing/mutated';
import { PRODUCTION_MUTANTS } from './testing/production-mutants';

const WALKS = 120;
const STEPS = 60;

let traces: readonly (readonly Step[])[] = [];

beforeAll(async () => {
  traces = (await walksOfModel({ invariant: 'allRules', seed: '0x1703', samples: WALKS, steps: STEPS })).map(traceOf);
});

test('production goes the way of every walk of the model', () => {
  expect(traces).toHaveLength(WALKS);
  expect(traces.map((trace) => replay(trace)).filter((difference) => difference !== null)).toEqual([]);
});

test.each(PRODUCTION_MUTANTS)('production leaves the way when broken: $rule', (mutant) => {
  expect(withMutant(mutant, (mutated) => traces.some((trace) => mutated(trace) !== null))).toBe(true);
});
