/** One process of another cluster at a wrong address ends nobody; most addresses being another cluster's means that this process is wrong. */
import { rmId } from '@mas/values';
import { Elsewhere } from './elsewhere';

const [ONE, TWO, THREE] = [rmId(1), rmId(2), rmId(3)];

test('the word of one of two says nothing, that of both does', () => {
  const elsewhere = new Elsewhere();
  expect([elsewhere.found(ONE), elsewhere.areMostOf(2)]).toEqual([true, false]);
  expect([elsewhere.found(ONE), elsewhere.areMostOf(2)]).toEqual([false, false]);
  expect([elsewhere.found(TWO), elsewhere.areMostOf(2)]).toEqual([true, true]);
});

test('who answers as a member at that address again is not counted any more', () => {
  const elsewhere = new Elsewhere();
  elsewhere.found(ONE);
  elsewhere.isNot(ONE);
  elsewhere.found(TWO);
  expect([elsewhere.areMostOf(3), elsewhere.found(THREE), elsewhere.areMostOf(3)]).toEqual([false, true, true]);
});

test('the only other one is most of them', () => {
  const elsewhere = new Elsewhere();
  elsewhere.found(TWO);
  expect(elsewhere.areMostOf(1)).toBe(true);
});
