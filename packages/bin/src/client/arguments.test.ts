/** What a person types is either read exactly or refused with what would be right; exit codes are a promise to scripts. */
import { accountNumber } from '@mas/values';
import { EXIT, EXIT_CODE_HELP, exitCodeOf } from './exit-codes';
import { mintPaymentId, oneOf, readDuration, readAccount, readPageSize, readWhole } from './arguments';

test.each([
  ['90', 90],
  ['90s', 90],
  ['15m', 900],
  ['24h', 86_400],
  ['30d', 2_592_000],
])('the duration %s is %i s', (text, seconds) => {
  expect(readDuration('--expires', text)).toBe(seconds);
});

test.each(['', '1w', '-1', '1.5h', 'h', '9999999999'])('the duration "%s" is refused', (text) => {
  expect(() => readDuration('--expires', text)).toThrow(/--expires is .*expected a duration like/);
});

test('numbers and choices', () => {
  expect(readPageSize('500')).toBe(500);
  for (const text of ['0', '501', '1.0', '0x10', '-1', '']) expect(() => readPageSize(text)).toThrow(/from 1 to 500/);
  expect(readWhole('--n', '7', 7, 7)).toBe(7);
  expect(oneOf('--mode', 'shared', ['exclusive', 'shared'])).toBe('shared');
  expect(() => oneOf('--mode', 'Shared', ['exclusive', 'shared'])).toThrow('--mode is "Shared"; expected exclusive, shared');
});

test.each(['a b', '', 'a{b', 'x'.repeat(65), '\u001b[2J'])('the account number %j is refused as one', (text) => {
  expect(() => readAccount('--from', text)).toThrow(/^--from is "[^]*"; an account number has letters, digits/);
});

test('a payment id names the sender, so that the decision lives in its bucket', () => {
  expect(mintPaymentId(accountNumber('abc'))).toMatch(/^\{abc\}[0-9a-f-]{36}$/);
  expect(mintPaymentId(undefined)).toMatch(/^[0-9a-f-]{36}$/);
  expect(mintPaymentId(accountNumber('abc'))).not.toBe(mintPaymentId(accountNumber('abc')));
});

test.each([
  ['invalid', 2],
  ['unauthenticated', 3],
  ['permission-denied', 3],
  ['not-found', 4],
  ['already-exists', 5],
  ['failed-precondition', 6],
  ['aborted', 6],
  ['unavailable', 7],
  ['deadline-exceeded', 7],
  ['resource-exhausted', 7],
  ['unimplemented', 1],
  ['internal', 1],
] as const)('%s exits with %i', (kind, code) => {
  expect(exitCodeOf(kind)).toBe(code);
});

test('every exit code is one of its own, and the help lists it', () => {
  const codes = Object.values(EXIT);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(EXIT_CODE_HELP).toMatch(new RegExp(`(^|\\s)${code}  \\S`, 'm'));
});
