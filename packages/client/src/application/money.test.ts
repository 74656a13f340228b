/** Decimals and minor units: exact both ways, and what cannot be exact is refused. */
import fc from 'fast-check';
import { digitsOf, toDecimal, toMinor } from './money';

test.each([
  ['12.50', 'USD', 1_250n],
  ['-0.01', 'EUR', -1n],
  ['12', 'JPY', 12n],
  ['1.234', 'KWD', 1_234n],
  ['92233720368547758.07', 'USD', 9_223_372_036_854_775_807n],
])('%s %s', (decimal, currency, minor) => {
  expect(toMinor(decimal, currency)).toEqual({ ok: true, value: minor });
  expect(toDecimal(minor, currency)).toBe(decimal);
});

test.each([
  ['19.999', 'USD', 'AMOUNT_TOO_PRECISE', 'amount'],
  ['1e3', 'USD', 'AMOUNT_NOT_A_DECIMAL', 'amount'],
  ['1,50', 'USD', 'AMOUNT_NOT_A_DECIMAL', 'amount'],
  ['92233720368547758.08', 'USD', 'AMOUNT_TOO_LARGE', 'amount'],
  ['1', 'usd', 'CURRENCY_INVALID', 'currency'],
])('%s %s is refused: %s', (decimal, currency, reason, field) => {
  expect(toMinor(decimal, currency)).toMatchObject({ ok: false, error: { kind: 'invalid', reason, field, mayHaveHappened: false } });
});

test('there and back, for every amount and number of digits', () => {
  const currency = fc.constantFrom('USD', 'JPY', 'KWD', 'CLF');
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n) + 1n, 2n ** 63n - 1n), currency, (minor, code) =>
      expect(toMinor(toDecimal(minor, code), code)).toEqual({ ok: true, value: minor }),
    ),
  );
  expect(['USD', 'JPY', 'KWD', 'CLF'].map(digitsOf)).toEqual([2, 0, 3, 4]);
  expect(() => toDecimal(1n, 'dollars')).toThrow(RangeError);
});
