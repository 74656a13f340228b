/** Settings that are right one by one and impossible together: one clear line each, in the words of the settings. */
import { rmId } from '@mas/values';
import { clusterProblems } from './common-settings';
import { inWordsOf } from './setting';
import { transactionManagerSettings } from '../server/transaction-manager-settings';

const members = (count: number): Parameters<typeof clusterProblems>[0]['cluster'] =>
  Array.from({ length: count }, (_, at) => ({ rm: rmId(at + 1), address: `h:${at + 1}` }));

test.each([
  [3, 3, []],
  [3, 5, ['--replicas (or MAS_REPLICAS) is 5, but --cluster lists only 3 resource managers: give at most as many replicas, or list more']],
  [1, 3, ['--replicas (or MAS_REPLICAS) is 3, but --cluster lists only 1 resource manager: give at most as many replicas, or list more']],
])('%s resource managers, %s replicas', (count, replicas, problems) => {
  expect(clusterProblems({ cluster: members(count), replicas })).toEqual(problems);
});

test('a bound is named by its flag and variable where it has one', () => {
  expect(inWordsOf(transactionManagerSettings, 'lockAttempts', 'lockAttempts must be more')).toBe(
    '--lock-attempts (or MAS_LOCK_ATTEMPTS): lockAttempts must be more',
  );
  expect(inWordsOf(transactionManagerSettings, 'batchCap', 'batchCap must be less')).toBe('batchCap must be less');
});
