/** A rule whose place has moved must be followed: otherwise its mutant would break nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceOnce } from '@mas/testkit/mutation';
import { MODEL_FOLDER } from './quint';
import { MODEL_MUTANTS } from './testing/model-mutants';
import { sourceOf } from './testing/mutated';
import { PRODUCTION_MUTANTS } from './testing/production-mutants';

test.each(MODEL_MUTANTS)('of the model: $rule', ({ file, find, replace }) => {
  expect(readFileSync(join(MODEL_FOLDER, `${file}.qnt`), 'utf8').split(find)).toHaveLength(2);
  expect(replace).not.toBe(find);
});

test.each(PRODUCTION_MUTANTS)('of production: $rule', (mutant) => {
  expect(replaceOnce(sourceOf(mutant), mutant.find, mutant.replace)).not.toBe(sourceOf(mutant));
});
