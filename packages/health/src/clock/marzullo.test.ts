/** Marzullo's algorithm against the definition: of all elementary intervals the one that most readings contain. */
import fc from 'fast-check';
import { marzullo, type Interval } from './marzullo';

test.each<[string, readonly (readonly [number, number])[], readonly [number, number, number]]>([
  [
    'the example of Marzullo\u2019s algorithm',
    [
      [8, 12],
      [11, 13],
      [10, 12],
    ],
    [11, 12, 3],
  ],
  [
    'two that agree, and one that stands apart',
    [
      [8, 12],
      [11, 13],
      [14, 15],
    ],
    [11, 12, 2],
  ],
  [
    'two pairs: the smaller of the two overlaps',
    [
      [8, 9],
      [8, 12],
      [10, 12],
    ],
    [8, 9, 2],
  ],
  [
    'intervals that touch in a point',
    [
      [1, 2],
      [2, 3],
    ],
    [2, 2, 2],
  ],
  ['one', [[1, 4]], [1, 4, 1]],
  [
    'one that knows exactly',
    [
      [3, 3],
      [1, 5],
    ],
    [3, 3, 2],
  ],
])('%s', (_, intervals, [low, high, clocks]) => {
  expect(marzullo(intervals.map(([from, to]) => ({ low: from, high: to })))).toEqual({ low, high, clocks });
});

test('nothing agrees with nothing', () => {
  expect(marzullo([])).toBeNull();
});

const interval: fc.Arbitrary<Interval> = fc
  .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 10 }))
  .map(([low, length]) => ({ low, high: low + length }));

test('no point lies within more of them, and the answer within as many as it says', () => {
  fc.assert(
    fc.property(fc.array(interval, { minLength: 1, maxLength: 7 }), (intervals) => {
      const found = marzullo(intervals);
      const at = (point: number): number => intervals.filter(({ low, high }) => low <= point && point <= high).length;
      expect(found?.clocks).toBe(Math.max(...intervals.flatMap(({ low, high }) => [at(low), at(high)])));
      expect(at(found?.low ?? NaN)).toBe(found?.clocks);
      expect(at(found?.high ?? NaN)).toBe(found?.clocks);
    }),
  );
});
