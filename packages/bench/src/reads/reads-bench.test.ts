/** The command line: what is wrong is refused before a cluster is started. */
import { expect, it } from '@jest/globals';
import { parseReads, READS_USAGE } from './reads-bench';

it('has an answer to everything that is not said', () => {
  const ground = { storage: 'embedded', seed: 1, durationMs: 10_000, warmUpPayments: null };
  expect(parseReads([])).toEqual({ ground, only: null, times: 3, legs: 20_000, json: false });
});

it('takes servers, a number of legs, and a warm-up of a number of payments', () => {
  const { ground, legs, only } = parseReads(['--mysql', '--redis', '--warm-up', '2000', '--only', 'past', '--legs', '1000000']);
  expect(ground).toEqual({ storage: 'servers', seed: 1, durationMs: 10_000, warmUpPayments: 2_000 });
  expect(legs).toBe(1_000_000);
  expect(only).toEqual(/past/);
});

it.each([
  ['--seconds', '0'],
  ['--times', '0'],
  ['--legs', '1'],
  ['--legs', '1000001'],
  ['--legs', 'many'],
  ['--warm-up', 'much'],
  ['--seed', 'x'],
  ['--only', 'no such part'],
])('%s %s is refused', (...args) => {
  expect(() => parseReads(args)).toThrow(READS_USAGE);
});

it('half of the servers is refused', () => {
  expect(() => parseReads(['--mysql'])).toThrow('together');
});
