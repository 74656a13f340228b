/** Decimal parsing and printing is exact and inverse; what does not fit has a name. */
import * as fc from 'fast-check';
import { currency, fitsInt64, formatAmount, MAX_AMOUNT_MINOR, minorDigits, nearestInt64, parseAmount } from './money';

const USD = currency('USD');

describe('parseAmount', () => {
  test.each([
    ['12.5', 1250n],
    ['0.01', 1n],
    ['100', 10_000n],
    ['-3.20', -320n],
    ['1.10000', 110n],
    ['92233720368547758.07', MAX_AMOUNT_MINOR],
  ])('%s USD', (text, expected) => {
    expect(parseAmount(text, USD)).toEqual({ ok: true, value: expected });
  });

  test.each([
    ['', 'AMOUNT_NOT_A_DECIMAL'],
    ['1e3', 'AMOUNT_NOT_A_DECIMAL'],
    ['0x10', 'AMOUNT_NOT_A_DECIMAL'],
    ['1,5', 'AMOUNT_NOT_A_DECIMAL'],
    ['NaN', 'AMOUNT_NOT_A_DECIMAL'],
    ['.5', 'AMOUNT_NOT_A_DECIMAL'],
    ['0.001', 'AMOUNT_TOO_PRECISE'],
    ['92233720368547758.08', 'AMOUNT_TOO_LARGE'],
  ])('%s is refused as %s', (text, name) => {
    expect(parseAmount(text, USD)).toEqual({ ok: false, error: name });
  });

  test('printing is the inverse of parsing for every currency', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -MAX_AMOUNT_MINOR, max: MAX_AMOUNT_MINOR }), fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'), (amount, code) => {
        const text = formatAmount(amount, currency(code));
        expect(parseAmount(text, currency(code))).toEqual({ ok: true, value: amount });
        expect(text.includes('.')).toBe(minorDigits(currency(code)) > 0);
      }),
    );
  });
});

test.each([
  [MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR],
  [MAX_AMOUNT_MINOR + 1n, MAX_AMOUNT_MINOR],
  [-MAX_AMOUNT_MINOR - 1n, -MAX_AMOUNT_MINOR - 1n],
  [-(2n ** 70n), -MAX_AMOUNT_MINOR - 1n],
  [-5n, -5n],
])('the int64 nearest to %s is %s', (amount, expected) => {
  expect(nearestInt64(amount)).toBe(expected);
  expect(fitsInt64(amount)).toBe(amount === expected);
});
