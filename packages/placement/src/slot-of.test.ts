/** The slot hash is data identity: pinned values must never change; numbers spread evenly; home slots follow their rule. */
import { accountNumber, paymentKey, SLOT_COUNT } from '@mas/values';
import { homeSlotOf, homeSlotOfKey, slotOfAccount } from './slot-of';

test.each([
  ['abc', 3516],
  ['9090-8912-1209-0098', 2919],
  ['2209-6239-0911-8234', 281],
  ['alice', 1566],
])('slot of %s is pinned', (number, expected) => {
  expect(slotOfAccount(accountNumber(number))).toBe(expected);
});

test('sequential numbers spread evenly over slots', () => {
  const counts = new Array<number>(SLOT_COUNT).fill(0);
  const perSlot = 50;
  for (let i = 0; i < SLOT_COUNT * perSlot; i += 1) counts[slotOfAccount(accountNumber(`acc-${i}`))]! += 1;
  const deviations = counts.map((count) => (count - perSlot) ** 2);
  const chiSquare = deviations.reduce((sum, value) => sum + value / perSlot, 0);
  expect(Math.abs(chiSquare - SLOT_COUNT)).toBeLessThan(5 * Math.sqrt(2 * SLOT_COUNT));
});

describe('home slot', () => {
  const abc = accountNumber('abc');
  test('an account token keeps its payments with the account, whatever the id says', () => {
    expect(homeSlotOf(paymentKey('abc', '{alice}1'), abc)).toBe(slotOfAccount(abc));
  });
  test('an operator id that names an account lives there', () => {
    expect(homeSlotOf(paymentKey('mas|ops', '{abc}1'), null)).toBe(slotOfAccount(abc));
  });
  test.each([
    ['abc', '{alice}1'],
    ['mas|ops', '{abc}1'],
  ])('is known from the key alone: %s %s', (scope, id) => {
    expect(homeSlotOfKey(paymentKey(scope, id))).toBe(slotOfAccount(abc));
  });
  test.each(['plain', '{}x', '{not a number}x', '{abc'])('%s lives at the slot of its key', (id) => {
    const home = homeSlotOf(paymentKey('mas|ops', id), null);
    expect(home).toBe(homeSlotOf(paymentKey('mas|ops', id), null));
    expect(home).not.toBe(slotOfAccount(abc));
  });
});
