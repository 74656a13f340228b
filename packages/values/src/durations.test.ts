/** Counts between bounds: nothing is lost at either end, and a bound belongs to what is below it. */
import fc from 'fast-check';
import { DURATION_BOUNDS_MS, Durations } from './durations';

test('each duration stands below its bound, the longest behind the last', () => {
  const durations = new Durations();
  durations.add(0);
  durations.add(0.25);
  durations.add(0.26);
  durations.add(9_999, 3);
  durations.add(60_000);
  expect(durations.cumulative()).toEqual([2, 3, ...Array.from({ length: 12 }, () => 3), 6, 7]);
  expect(durations.sumMs).toBeCloseTo(0.51 + 3 * 9_999 + 60_000);
});

test('whatever is added is counted once, and a sum holds what its parts hold', () => {
  const some = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }));
  fc.assert(
    fc.property(some, some, (first, second) => {
      const parts = [first, second].map((values) => {
        const durations = new Durations();
        for (const value of values) durations.add(value);
        return durations;
      });
      const all = [...first, ...second];
      const cumulative = Durations.sumOf(parts).cumulative();
      expect(cumulative).toEqual([...DURATION_BOUNDS_MS.map((bound) => all.filter((value) => value <= bound).length), all.length]);
    }),
  );
});
