/** A mutation that no longer fits its source would test nothing: each one must fit exactly once. */
import { join } from 'node:path';
import { mutatedSources } from './compile-mutated';
import { MUTATIONS } from './mutations';

const PACKAGES = join(__dirname, '../../..');

test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))('%s fits its source', (_name, mutation) => {
  expect(mutatedSources(mutation, PACKAGES).size).toBeGreaterThan(0);
});

test('there are at least twenty, each with a name of its own', () => {
  expect(new Set(MUTATIONS.map((mutation) => mutation.name)).size).toBe(MUTATIONS.length);
  expect(MUTATIONS.length).toBeGreaterThanOrEqual(20);
});
