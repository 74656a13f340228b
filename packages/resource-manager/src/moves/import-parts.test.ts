/** Parts of a move's rows: all rows, in order, in parts that are no larger than they may be. */
import { MAX_ROWS_PER_PART, type MovedRows } from '@mas/ledger';
import { slot } from '@mas/values';
import { partsOf, type MovedRow } from './import-parts';

function locks(count: number): readonly MovedRow[] {
  return Array.from(
    { length: count },
    (_, i): MovedRow => ({
      kind: 'locks',
      row: { slot: slot(0), lockId: `lock-${i}`, mode: 'exclusive', owner: 'o', token: i, untilMs: 1, heldBy: '' },
    }),
  );
}

const sizesOf = (parts: readonly MovedRows[]): readonly number[] => parts.map((part) => part.locks.length);

test.each([
  [0, []],
  [1, [1]],
  [MAX_ROWS_PER_PART, [MAX_ROWS_PER_PART]],
  [MAX_ROWS_PER_PART + 1, [MAX_ROWS_PER_PART, 1]],
])('%i rows, by their count', (count, sizes) => {
  expect(sizesOf([...partsOf(locks(count), () => 1, 1)])).toEqual(sizes);
});

test('rows that are large go in more parts, in the same order; one that is too large by itself goes alone', () => {
  const rows = locks(11);
  const parts = [...partsOf(rows, (part) => part.locks.length * 10, 30)];
  expect(Math.max(...sizesOf(parts))).toBeLessThanOrEqual(3);
  expect(parts.flatMap((part) => part.locks)).toEqual(rows.map(({ row }) => row));
  expect(sizesOf([...partsOf(rows, () => 31, 30)])).toEqual(rows.map(() => 1));
});
