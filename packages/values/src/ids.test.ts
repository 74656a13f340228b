/** Identities are refused by their parsers, and a payment key keeps scope and id apart whatever they hold. */
import * as fc from 'fast-check';
import { accountNumber, bucketId, parseAccountNumber, parsePaymentId, paymentKey, rmId, slot, splitPaymentKey, txnId } from './ids';

test.each(['abc', '9090-8912-1209-0098', 'a.b_c:d@e', 'A'.repeat(64)])('%s is an account number', (text) => {
  expect(parseAccountNumber(text)).toEqual({ ok: true, value: text });
});

test.each(['', ' ', 'a b', '-a', 'a\n', 'é', 'A'.repeat(65), 'a|b', 'a{b}', 'a\0b'])('%j is not', (text) => {
  expect(parseAccountNumber(text).ok).toBe(false);
  expect(() => accountNumber(text)).toThrow(/account number/);
});

test.each(['', ' ', 'a b', 'é', 'x'.repeat(129), 'a\0b'])('%j is no payment id', (text) => {
  expect(parsePaymentId(text).ok).toBe(false);
});

test('a key splits into what it was made of', () => {
  const part = fc.string({ minLength: 1, maxLength: 30 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(part, part, (scope, id) => {
      expect(splitPaymentKey(paymentKey(scope, id))).toEqual({ scope, id });
    }),
  );
});

test('numbers out of range are broken invariants', () => {
  for (const wrong of [-1, 4096, 1.5, NaN]) expect(() => slot(wrong)).toThrow(/slot/);
  for (const wrong of [0, 65536, 0.5]) expect(() => rmId(wrong)).toThrow(/rm id/);
  for (const wrong of [-1, 65536]) expect(() => bucketId(wrong)).toThrow(/bucket id/);
  for (const wrong of ['', 'A'.repeat(64), 'a'.repeat(63)]) expect(() => txnId(wrong)).toThrow(/txn/);
});
