/** A balance at a moment, from legs: those that are committed up to it, in whatever order they were promised. */
import { describe, expect, it } from '@jest/globals';
import type { LegRow } from '@mas/ledger';
import { History, listedLegs } from './history';
import { differences } from './past-reads';

type Leg = Parameters<typeof History.of>[1][number];

const legs: readonly Leg[] = [leg(30, 5n), leg(10, 2n), leg(20, 100n, 'aborted'), leg(20, 1n, 'committed', 'debit'), leg(40, 9n, 'prepared')];
const history = History.of(1_000n, legs);

describe('an account at a moment', () => {
  it('has what was committed at it or before', () => {
    expect([9, 10, 19, 20, 29, 30, 1_000].map((us) => history.balanceAt(us))).toEqual([1_000n, 1_002n, 1_002n, 1_001n, 1_001n, 1_006n, 1_006n]);
    expect(history.legs).toBe(3);
  });

  it('that was read otherwise is named, the first few times', () => {
    const seen = [25, 30].map((atUs) => ({ atUs, balanceMinor: 1_001n }));
    expect(differences(seen, history)).toEqual(['at 30 the account was read as 1001, and its legs make it 1006']);
    const many = differences(
      Array.from({ length: 8 }, () => ({ atUs: 30, balanceMinor: 0n })),
      history,
    );
    expect(many).toHaveLength(6);
    expect(many.at(-1)).toBe('3 more');
  });
});

it('all legs are listed, page by page', async () => {
  const asked: unknown[] = [];
  const [first, second] = [legs.slice(0, 2) as LegRow[], legs.slice(2) as LegRow[]];
  const pages = new Map([
    ['', { legs: first, nextCursor: 'next' }],
    ['next', { legs: second, nextCursor: null }],
  ]);
  const listPayments: Parameters<typeof listedLegs>[0]['listPayments'] = ({ pageToken = '', direction }) => {
    asked.push(direction);
    return Promise.resolve(pages.get(pageToken) ?? { legs: [], nextCursor: null });
  };
  expect(await listedLegs({ listPayments }, 'hot', () => undefined)).toEqual(legs);
  expect(asked).toEqual(['oldest-first', 'oldest-first']);
});

function leg(commitUs: number, amountMinor: bigint, state: LegRow['state'] = 'committed', effect: 'credit' | 'debit' = 'credit'): Leg {
  return { state, commitUs: state === 'committed' ? commitUs : null, spec: { effect, amountMinor } } as Leg;
}
