/** What is noted of rows that change while slots are copied: only theirs, nothing twice in the sums, and no more than there is room for. */
import type { AccountRow, OutcomeRow } from '@mas/ledger';
import { accountNumber, paymentKey, slot } from '@mas/values';
import { USD } from '../testing/payments';
import { SlotWatch } from './slot-watch';

const SLOTS = { from: slot(10), to: slot(19) };
const accountAt = (at: number, name: string, balanceMinor = 5n): AccountRow =>
  ({ slot: slot(at), number: accountNumber(name), currency: USD, balanceMinor }) as AccountRow;
const outcomeAt = (at: number, id: string): OutcomeRow => ({ slot: slot(at), key: paymentKey('s', id) }) as OutcomeRow;

function watch(maxKeys = 100): { readonly watch: SlotWatch; readonly at: (index: number) => void } {
  let index = 0;
  return { watch: new SlotWatch(SLOTS, () => index, maxKeys), at: (next) => (index = next) };
}

test('rows of other slots are not noted; of these each key once, until they are taken', () => {
  const { watch: watched } = watch();
  for (const row of [accountAt(9, 'before'), accountAt(20, 'behind'), accountAt(10, 'first'), accountAt(19, 'last'), accountAt(10, 'first')])
    watched.account(row, false);
  watched.outcome(outcomeAt(9, 'x'), true);
  watched.outcome(outcomeAt(11, 'y'), false);
  expect(watched.size).toBe(3);
  expect(watched.take()).toEqual({ accounts: ['first', 'last'], legs: [], outcomes: [paymentKey('s', 'y')] });
  expect(watched.size).toBe(0);
  watched.account(accountAt(10, 'first'), false);
  expect(watched.take().accounts).toEqual(['first']);
});

test('what the copy has is not counted as made since, though it is sent once more', () => {
  const { watch: watched, at } = watch();
  at(7);
  watched.account(accountAt(10, 'in-the-copy'), true);
  watched.outcome(outcomeAt(10, 'in-the-copy'), true);
  at(8);
  watched.account(accountAt(10, 'behind-it', 30n), true);
  watched.outcome(outcomeAt(10, 'behind-it'), true);
  watched.copiedAt(7);
  at(9);
  watched.account(accountAt(10, 'later', 4n), true);
  watched.account(accountAt(10, 'later', 3n), false);
  expect(watched.take().accounts).toEqual(['in-the-copy', 'behind-it', 'later']);
  expect(watched.made()).toEqual({ legs: 0, outcomes: 1, openings: new Map([[USD, 34n]]) });
});

test('more than there is room for: it says so, and notes nothing more', () => {
  const { watch: watched } = watch(2);
  watched.copiedAt(0);
  for (const name of ['a', 'b']) watched.account(accountAt(10, name), false);
  expect(watched.isOverflown).toBe(false);
  for (const name of ['c', 'd']) watched.account(accountAt(10, name), false);
  expect([watched.isOverflown, watched.size]).toEqual([true, 2]);
});
