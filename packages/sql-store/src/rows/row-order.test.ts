/** Every row once, by slot, and within a slot as they came: an order that loses a row loses money. */
import { slot, SLOT_COUNT } from '@mas/values';
import { bySlot } from './row-order';

test.each([0, 1, 2, 3, 50, 5_000])('%d rows', (count) => {
  const rows = Array.from({ length: count }, (_, n) => ({ slot: slot((n * n * 7_919 + n) % SLOT_COUNT), n }));
  const expected = [...rows].sort((left, right) => left.slot - right.slot || left.n - right.n);
  expect(bySlot(rows)).toEqual(expected);
});

test('the first and the last slot', () => {
  const rows = [SLOT_COUNT - 1, 0, SLOT_COUNT - 1, 0].map((value, n) => ({ slot: slot(value), n }));
  expect(bySlot(rows).map((row) => row.n)).toEqual([1, 3, 0, 2]);
});
