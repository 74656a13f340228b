/** One body, one form: its bytes are pinned, equal bodies have equal bytes, and bytes in another form are refused by name. */
import * as fc from 'fast-check';
import { MAX_AMOUNT_MINOR, parseAccountNumber, txnId } from '@mas/values';
import { acc, body, key, leg, pay, USD } from './testing/builders';
import { decodeBody, differingField, PaymentBody, validateBody, type BodyContent } from './index';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('the bytes are pinned', () => {
  expect(hex(pay('a2', 'a1', 1250n).bytes)).toBe('0801' + '120e0a026131100218e2092203555344' + '120e0a026132100118e2092203555344');
  const reference = { key: key('p'), txn: txnId('0f'.repeat(32)) };
  expect(hex(body('void', [leg('a1', 'void', 0n)], { reference }).bytes)).toBe(
    '0804' + '120b0a02613110052203555344' + `1a2d0a096d61737c6f707300701220${'0f'.repeat(32)}`,
  );
  expect(hex(body('authorization', [], { expiresAtMs: 300, memo: 'é' }).bytes)).toBe('0802' + '20ac02' + '2a02c3a9');
});

const txns = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => txnId(hex(bytes)));
const contents: fc.Arbitrary<BodyContent> = fc.record({
  kind: fc.constantFrom('payment', 'authorization', 'capture', 'void', 'refund'),
  legs: fc.array(
    fc.record({
      account: fc
        .string({ unit: fc.constantFrom('a', 'B', '7', '.', '@'), minLength: 1, maxLength: 64 })
        .filter((text) => parseAccountNumber(text).ok)
        .map(acc),
      effect: fc.constantFrom('debit', 'credit', 'authorize', 'capture', 'void', 'refund-debit'),
      amountMinor: fc.oneof(
        fc.bigInt({ min: -3n, max: 300n }),
        fc.bigInt({ min: -MAX_AMOUNT_MINOR - 1n, max: MAX_AMOUNT_MINOR }),
        fc.constantFrom(2n ** 49n - 1n, 2n ** 49n, 2n ** 53n - 1n, 2n ** 53n, MAX_AMOUNT_MINOR),
      ),
      currency: fc.constantFrom(USD),
    }),
    { maxLength: 64, size: 'small' },
  ),
  reference: fc.option(
    fc.record({
      key: fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 200 })
        .filter((text) => !text.includes('\0'))
        .map(key),
      txn: txns,
    }),
    { nil: null },
  ),
  expiresAtMs: fc.option(fc.oneof(fc.constant(0), fc.maxSafeNat()), { nil: null }),
  memo: fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100, maxLength: 300 }), fc.constantFrom('\ufeff', '\ufffd', '\0')),
});

test('what is sealed is read back, from the bytes alone', () => {
  fc.assert(
    fc.property(contents, (content) => {
      const sealed = PaymentBody.of(content);
      expect(decodeBody(sealed.bytes, 'any')).toEqual(content);
      expect(PaymentBody.fromBytes(sealed.bytes)).toEqual(sealed);
      expect(sealed.bytes.buffer.byteLength).toBe(sealed.bytes.length);
    }),
    { numRuns: 1000 },
  );
});

test('bodies are equal iff their bytes are, iff no field differs', () => {
  const few = fc.record({
    kind: fc.constantFrom('payment', 'refund'),
    legs: fc.array(fc.constantFrom(leg('a1', 'debit', 0n), leg('a1', 'debit', 1n), leg('a1', 'credit', 1n)), { maxLength: 2 }),
    reference: fc.constant(null),
    expiresAtMs: fc.constantFrom(null, 0, 1),
    memo: fc.constantFrom('', 'x'),
  }) as fc.Arbitrary<BodyContent>;
  fc.assert(
    fc.property(few, few, (a, b) => {
      expect(PaymentBody.of(a).equals(PaymentBody.of(b))).toBe(differingField(a, b) === null);
    }),
    { numRuns: 2000 },
  );
});

test('damaged bytes are a malformed body, or some body’s canonical form', () => {
  let refused = 0;
  fc.assert(
    fc.property(contents, fc.nat(), fc.uint8Array({ maxLength: 4 }), fc.nat(3), (content, at, noise, cut) => {
      const { bytes } = PaymentBody.of(content);
      const place = at % (bytes.length + 1);
      const damaged = new Uint8Array([...bytes.subarray(0, place), ...noise, ...bytes.subarray(Math.min(bytes.length, place + cut))]);
      let read: PaymentBody;
      try {
        read = PaymentBody.fromBytes(damaged);
      } catch (error) {
        refused += 1;
        return expect(error).toMatchObject({ kind: 'malformed-body' });
      }
      expect(hex(PaymentBody.of(decodeBody(read.bytes, 'any')).bytes)).toBe(hex(damaged));
    }),
    { numRuns: 3000 },
  );
  expect(refused).toBeGreaterThan(1000);
});

/** All of them say what `0801 2a0178` says, a payment with the memo x. */
test.each([
  ['fields in another order', '2a0178 0801'],
  ['a field twice, of which the last counts', '0802 0801 2a0178'],
  ['a number that is longer than it has to be', '088100 2a0178'],
  ['a length that is longer than it has to be', '0801 2a810078'],
  ['a field of a later version', '0801 2a0178 3001'],
  ['a field of a later version, of every kind', '0801 2a0178 3100000000000000003500000000 3a00'],
])('%s is another form of a body, and no canonical one', (_name, bytes) => {
  expect(decodeBody(unhex(bytes), 'any')).toEqual({ kind: 'payment', legs: [], reference: null, expiresAtMs: null, memo: 'x' });
  expect(() => PaymentBody.fromBytes(unhex(bytes))).toThrow(
    expect.objectContaining({ kind: 'malformed-body', message: 'not the canonical form of a payment body' }) as Error,
  );
});

test.each([
  ['a default that is written out', '0801 2a00', 'not the canonical form'],
  ['an amount of nothing that is written out', '0801 120c 0a0161 1001 1800 2203555344', 'not the canonical form'],
  ['an amount that is longer than it has to be', '0801 120d 0a0161 1001 188100 2203555344', 'not the canonical form'],
  ['an amount of ten bytes with bits beyond 64', '0801 1215 0a0161 1001 18ffffffffffffffffff03 2203555344', 'not the canonical form'],
  ['a leg with two accounts', '0801 120d 0a0161 0a0161 1001 2203555344', 'not the canonical form'],
  ['a leg whose fields are in another order', '0801 120a 1001 0a0161 2203555344', 'not the canonical form'],
  ['nothing', '', 'without a kind'],
  ['an unknown kind', '0809', 'unknown kind'],
  ['kind 0', '0800', 'unknown kind'],
  ['a leg without an account', '0801 1207 1001 2203555344', 'a leg without'],
  ['an account of no form', '0801 120a 0a0120 1001 2203555344', 'account number'],
  ['a currency of no form', '0801 120a 0a0161 1001 2203757364', 'currency'],
  ['half a UTF-8 character', '0801 2a01c3', 'UTF-8'],
  ['a text that ends too late', '0801 2a7f78', 'cut short'],
  ['a memo that is a number', '0801 2801', 'another type'],
  ['a number without an end', '08ffffffffffffffffffff', 'too large'],
  ['a field of a later version', '0801 3001', 'not the canonical form'],
  ['field 0', '0001', 'not a field'],
  ['a key without an id', '0801 1a03 0a0161', 'payment key'],
  ['more legs than there may be', `0801${'120a0a0161100122035553 44'.repeat(65)}`, 'more than 64 legs'],
])('%s is malformed', (_name, bytes, message) => {
  expect(() => PaymentBody.fromBytes(unhex(bytes))).toThrow(
    expect.objectContaining({ kind: 'malformed-body', message: expect.stringContaining(message) as string }) as Error,
  );
});

test.each([
  ['a group', '0801 33', 'wire type'],
  ['a fixed number that ends too late', '0801 3100', 'cut short'],
  ['a text that ends too late', '0801 327f78', 'cut short'],
])('%s is malformed also where it would be skipped', (_name, bytes, message) => {
  expect(() => decodeBody(unhex(bytes), 'any')).toThrow(
    expect.objectContaining({ kind: 'malformed-body', message: expect.stringContaining(message) as string }) as Error,
  );
});

test('a payment without a memo is written into an array of its own length', () => {
  expect(pay('a1', 'a2', 2n ** 53n - 1n).bytes.buffer.byteLength).toBe(pay('a1', 'a2', 2n ** 53n - 1n).bytes.length);
});

test('what is wrong in a body is looked for once', () => {
  const wrong = body('payment', [leg('a1', 'debit', 1n)]);
  expect(wrong.problems()).toEqual(validateBody(wrong));
  expect(wrong.problems()).toBe(wrong.problems());
});

test('as JSON it shows what it says', () => {
  const { bytes: _, ...content } = { ...pay('a1', 'a2', 5n) };
  const text = (value: unknown): string => JSON.stringify(value, (_key, field: unknown) => (typeof field === 'bigint' ? field.toString() : field));
  expect(text({ body: pay('a1', 'a2', 5n) })).toBe(text({ body: content }));
});

test('a changed copy is content and is sealed afresh', () => {
  const sealed = pay('a1', 'a2', 5n);
  expect(PaymentBody.of(sealed)).toBe(sealed);
  expect(PaymentBody.of({ ...sealed, memo: 'x' })).toEqual(PaymentBody.fromBytes(new Uint8Array([...sealed.bytes, 0x2a, 1, 0x78])));
});
