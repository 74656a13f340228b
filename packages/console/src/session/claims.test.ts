import { claimsOf } from './claims';

const tokenOf = (claims: unknown): string => `eyJh.${Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)).toString('base64url')}.c2ln`;

test('what a token says of itself', () => {
  expect(claimsOf(tokenOf({ sub: 'olga', role: 'operator', exp: 10 }))).toEqual({ name: 'olga', isOperator: true, account: null, endsAtMs: 10_000 });
  expect(claimsOf(tokenOf({ sub: 'alice', role: 'account', exp: 10 }))).toEqual({ name: 'alice', isOperator: false, account: 'alice', endsAtMs: 10_000 });
});

test.each([
  '',
  'no token',
  'a.b',
  'a.b.c.d',
  tokenOf('not JSON'),
  tokenOf('null'),
  tokenOf([]),
  tokenOf({ sub: 'olga', role: 'operator' }),
  tokenOf({ sub: 'olga', role: 'operator', exp: '10' }),
  tokenOf('{"sub":"olga","exp":1e999}'),
  tokenOf({ sub: 7, exp: 10 }),
  tokenOf({ sub: 'a b', exp: 10 }),
  tokenOf({ sub: 'a\u0007', exp: 10 }),
  tokenOf({ sub: 'a'.repeat(4096), exp: 10 }),
])('%#: no token', (token) => {
  expect(claimsOf(token)).toBeNull();
});
