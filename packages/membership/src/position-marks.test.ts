/** Marks only rise, and a later incarnation's take the place of an earlier one's. */
import { rmId } from '@mas/values';
import { ordinal } from './identity';
import { PositionMarks, type PositionMark } from './position-marks';

const mark = (position: number, admitted = 0): PositionMark => ({ rm: rmId(2), ordinal: ordinal(admitted), position });

test.each<[string, readonly PositionMark[], PositionMark, boolean, readonly [number, number]]>([
  ['the first one', [], mark(5), true, [5, 0]],
  ['a higher one', [mark(5)], mark(6), true, [6, 0]],
  ['the same', [mark(5)], mark(5), false, [5, 0]],
  ['a lower one', [mark(5)], mark(4), false, [5, 0]],
  ['the next incarnation\u2019s, lower', [mark(5)], mark(1, 1), true, [0, 1]],
  ['the last incarnation\u2019s, higher', [mark(1, 1)], mark(9), false, [0, 1]],
])('%s', (_what, before, raised, isNew, [ofFirst, ofSecond]) => {
  const marks = new PositionMarks(before);
  expect(marks.raise(raised)).toBe(isNew);
  expect([marks.of(rmId(2), ordinal(0)), marks.of(rmId(2), ordinal(1))]).toEqual([ofFirst, ofSecond]);
});

test('all of them are listed by Resource Manager', () => {
  const marks = new PositionMarks([{ ...mark(1), rm: rmId(9) }, mark(2), mark(3)]);
  expect(marks.all()).toEqual([mark(3), { ...mark(1), rm: rmId(9) }]);
  expect(marks.of(rmId(1), ordinal(0))).toBe(0);
});
