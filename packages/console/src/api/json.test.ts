import type { UndecidedReport } from '@mas/transaction-coordinator';
import { bucketId } from '@mas/values';
import { doubtsView } from './json';

const payment = (ageMs: number): UndecidedReport['payments'][number] =>
  ({
    id: `p-${ageMs}`,
    scope: 'mas|olga',
    txn: 'a'.repeat(64),
    coordinator: 'tc-1',
    homeBucket: 1,
    ageMs,
    home: 'silent',
  }) as unknown as UndecidedReport['payments'][number];

test('of thousands in doubt the oldest are listed, and how many there are more', () => {
  const payments = Array.from({ length: 5_000 }, (_, at) => payment((at * 7_919) % 5_000));
  const { doubts, more } = doubtsView({ transactions: [], payments, silent: [] });
  expect([doubts.length, more]).toEqual([100, 4_900]);
  expect(doubts.map(({ ageMs }) => ageMs)).toEqual(Array.from({ length: 100 }, (_, at) => 4_999 - at));
  expect(doubtsView({ transactions: [], payments: payments.slice(0, 3), silent: [bucketId(2)] })).toMatchObject({ more: 0, silentBuckets: [2] });
});
