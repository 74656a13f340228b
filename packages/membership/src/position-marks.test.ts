/** Marks only rise, and a later incarnation's take the place of an earlier one's. */
import { rmId } from '@mas/values';
import { ordinal } from './identity';
import { PositionMarks, type PositionMark } from './position-marks';
import { runOf } from './run-history';

const [FIRST, SECOND] = [runOf(`00000001${'a'.repeat(12)}`), runOf(`00000002${'a'.repeat(12)}`)];
const mark = (position: number, admitted = 0, run = FIRST): PositionMark => ({ rm: rmId(2), ordinal: ordinal(admitted), run, position });

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
  expect([0, 1].map((admitted) => marks.of(rmId(2), ordinal(admitted))?.position ?? 0)).toEqual([ofFirst, ofSecond]);
});

test('at the same position the later run counts, and the earlier one no more', () => {
  const marks = new PositionMarks([mark(5)]);
  expect([marks.raise(mark(5, 0, SECOND)), marks.raise(mark(5)), marks.of(rmId(2), ordinal(0))?.run]).toEqual([true, false, SECOND]);
});

test('all of them are listed by Resource Manager', () => {
  const marks = new PositionMarks([{ ...mark(1), rm: rmId(9) }, mark(2), mark(3)]);
  expect(marks.all()).toEqual([mark(3), { ...mark(1), rm: rmId(9) }]);
  expect(marks.of(rmId(1), ordinal(0))).toBeNull();
});
