/** What a folder keeps is read back as it was. */
import { FIRST_RUN, madeUpIncarnation } from '@mas/testkit/membership';
import { ordinal } from './identity';
import { rmId } from '@mas/values';
import { decodeMarks, decodeRuns, encodeMarks, encodeRuns } from './kept-text';

test('marks', () => {
  const marks = [{ rm: rmId(2), ordinal: ordinal(3), run: FIRST_RUN.run, position: Number.MAX_SAFE_INTEGER }];
  expect(decodeMarks(encodeMarks(marks))).toEqual(marks);
  expect(decodeMarks(encodeMarks([]))).toEqual([]);
});

test('runs', () => {
  const runs = { incarnation: madeUpIncarnation({ rm: rmId(1), ordinal: ordinal(0) }), runs: [FIRST_RUN] };
  expect(decodeRuns(encodeRuns(runs))).toEqual(runs);
});

test('what nobody wrote is not read as something else', () => {
  expect(() => decodeMarks('[[1,"12",4]]')).toThrow('a run has 20 hexadecimal digits');
  expect(() => decodeRuns('{"incarnation":"","runs":[]}')).toThrow('an incarnation has 32 hexadecimal digits');
});
