/** Many walks of the model, and each of its rules broken once. */
import { MODEL_FOLDER, simulated } from './quint';
import { MODEL_MUTANTS } from './testing/model-mutants';
import { violatedBy } from './testing/mutated-model';

const SAMPLES = Number(process.env['MAS_MODEL_SAMPLES'] ?? 500);

test('the rules hold on many random walks', async () => {
  expect(await simulated(MODEL_FOLDER, { invariant: 'allRules', seed: '0x1701', samples: SAMPLES, steps: 80 })).toMatchObject({ isViolated: false });
});

test.each(MODEL_MUTANTS)('a broken rule is noticed: $rule', async (mutant) => {
  expect(await violatedBy(mutant)).toBe(true);
});
