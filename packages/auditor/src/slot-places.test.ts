/** Operations meet in the bucket that surely had the slot all the time, and at the slot itself once it has moved. */
import { bucketId, slot } from '@mas/values';
import { meet, movingPlaces } from './slot-places';

const [STAYS, MOVES, RETURNS] = [slot(1), slot(2), slot(3)];
const owned = (bucket: number, fromMs: number, toMs: number) => ({ bucket: bucketId(bucket), fromMs, toMs });
const places = movingPlaces((of) =>
  of === STAYS ? [owned(1, 0, Infinity)] : of === MOVES ? [owned(1, 0, 100), owned(2, 110, Infinity)] : [owned(1, 0, 100), owned(1, 110, Infinity)],
);

test.each([
  ['a slot that never moves is its bucket', STAYS, 5, 5_000, ['bucket 1']],
  ['before it is released', MOVES, 5, 100, ['bucket 1', 'slot 2']],
  ['once it is adopted', MOVES, 110, 150, ['bucket 2', 'slot 2']],
  ['without an answer, once it is adopted', MOVES, 120, Infinity, ['bucket 2', 'slot 2']],
  ['while it moves it may have been either', MOVES, 90, 120, ['slot 2']],
  ['a release of which the answer came late', MOVES, 90, 105, ['bucket 1', 'slot 2']],
  ['reclaimed: it was the same one', RETURNS, 90, 120, ['bucket 1', 'slot 3']],
])('%s', (_name, of, fromMs, toMs, expected) => {
  expect(places.of(of, fromMs, toMs)).toEqual(expected);
});

test('they meet where a place is surely the same', () => {
  expect(meet(places.of(STAYS, 1, 2), places.of(MOVES, 1, 2))).toBe(true);
  expect(meet(places.of(STAYS, 1, 2), places.of(MOVES, 111, 112))).toBe(false);
  expect(meet(places.of(MOVES, 1, 2), places.of(MOVES, 111, 112))).toBe(true);
});
