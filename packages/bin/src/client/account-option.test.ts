/** One account, named once, in whichever way. */
import { chosenAccount, chosenAccounts } from './account-option';

test('as an argument or as an option, or the same as both', () => {
  expect(chosenAccount('abc', undefined)).toBe('abc');
  expect(chosenAccount(undefined, 'abc', undefined)).toBe('abc');
  expect(chosenAccount('abc', 'abc')).toBe('abc');
  expect(chosenAccounts(['a', 'b'], { number: ['c'] })).toEqual(['a', 'b', 'c']);
});

test('not named, named twice, or no account number at all', () => {
  expect(() => chosenAccount(undefined, undefined)).toThrow(/as an argument or with --number/);
  expect(() => chosenAccounts([], {})).toThrow(/as an argument or with --number/);
  expect(() => chosenAccount('abc', 'abd')).toThrow('two accounts are named, "abc" and "abd": give one');
  expect(() => chosenAccount('a b')).toThrow(/the account is "a b"; an account number has letters/);
});
