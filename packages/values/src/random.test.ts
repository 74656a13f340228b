/** Equal seeds give equal sequences; neighbouring seeds do not resemble each other. */
import { SeededRandom } from './random';

const draws = (seed: number, count: number): number[] => {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.below(1000));
};

test('the same seed replays the same sequence', () => {
  expect(draws(42, 1000)).toEqual(draws(42, 1000));
});

test('seeds that differ by one, or only above 32 bits, differ', () => {
  expect(draws(1, 50)).not.toEqual(draws(2, 50));
  expect(draws(1, 50)).not.toEqual(draws(1 + 2 ** 32, 50));
});

test('below() covers its range evenly', () => {
  const random = new SeededRandom(7);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i += 1) counts[random.below(10)]! += 1;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(600);
});
