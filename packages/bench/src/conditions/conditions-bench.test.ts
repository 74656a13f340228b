/** The command line: what is wrong is refused before a cluster is started. */
import { expect, it } from '@jest/globals';
import { CONDITIONS_USAGE, parseConditions } from './conditions-bench';

it('has an answer to everything that is not said', () => {
  const ground = { storage: 'embedded', seed: 1, durationMs: 10_000, warmUpPayments: null };
  expect(parseConditions([])).toEqual({ ground, only: null, times: 3, accountsUpTo: 100_000, json: false });
});

it('takes servers, and a warm-up of a number of payments', () => {
  const { ground, only } = parseConditions(['--mysql', '--redis', '--warm-up', '2000', '--only', 'slow']);
  expect(ground).toEqual({ storage: 'servers', seed: 1, durationMs: 10_000, warmUpPayments: 2_000 });
  expect(only).toEqual(/slow/);
});

it.each([
  ['--seconds', '0'],
  ['--seconds', 'ten'],
  ['--times', '1.5'],
  ['--accounts-up-to', '999'],
  ['--accounts-up-to', '1000001'],
  ['--warm-up', 'much'],
  ['--seed', 'x'],
  ['--only', 'no such condition'],
])('%s %s is refused', (...args) => {
  expect(() => parseConditions(args)).toThrow(CONDITIONS_USAGE);
});

it('half of the servers is refused', () => {
  expect(() => parseConditions(['--mysql'])).toThrow('together');
});
