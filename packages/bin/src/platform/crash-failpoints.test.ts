/** A failpoint dies at exactly its pass; a mistyped one is refused with the list of those there are. */
import { CrashCounter, readCrashFailpoint } from './crash-failpoints';

test('dies at the given pass, once', () => {
  let deaths = 0;
  const counter = new CrashCounter({ point: 'a:after', pass: 2 }, () => (deaths += 1));
  for (const point of ['a:after', 'b', 'a:after', 'a:after']) counter.passed(point);
  expect(deaths).toBe(1);
});

test('the variable is read completely or refused', () => {
  expect(readCrashFailpoint(undefined, ['a'])).toBeNull();
  expect(readCrashFailpoint('a', ['a'])).toEqual({ point: 'a', pass: 1 });
  expect(readCrashFailpoint('a:after@3', ['a:after'])).toEqual({ point: 'a:after', pass: 3 });
  for (const wrong of ['c', 'a@0', 'a@', '@1']) expect(() => readCrashFailpoint(wrong, ['a'])).toThrow(/the points of this process are a/);
});
