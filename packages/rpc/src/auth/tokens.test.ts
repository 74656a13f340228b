/** What a token may be, and every way in which it is refused; keys that are too weak never get as far. */
import { generateKeyPairSync } from 'node:crypto';
import { accountNumber, type Clock } from '@mas/values';
import { sign } from 'jsonwebtoken';
import { JwtTokenVerifier } from './jwt-token-verifier';
import { tokenKeys, type TokenAlgorithm, type TokenKeys } from './token-keys';
import { TokenSigner } from './token-signer';

let nowMs = 1_700_000_000_000;
const clock: Clock = { wallMs: () => nowMs, monotonicMs: () => nowMs, schedule: () => ({ cancel: () => undefined }), defer: () => undefined };
const SECRET = Buffer.from('0123456789abcdef'.repeat(4));
const OTHER = Buffer.from('f'.repeat(64));
const pem = (pair: { readonly privateKey: { export(o: { type: 'pkcs8'; format: 'pem' }): string | Buffer } }): Buffer => Buffer.from(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));

function keysOf(sources: readonly { id: string; content: Uint8Array }[], algorithm: TokenAlgorithm = 'HS256'): TokenKeys {
  const made = tokenKeys({ algorithm, issuer: 'mas', audience: 'mas', sources });
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

const keys = keysOf([{ id: '1', content: SECRET }]);
const signer = new TokenSigner(keys, clock);
const raw = (claims: object, options: object = {}, header: object = {}): string =>
  sign({ mas: { role: 'operator' }, iat: nowMs / 1000, exp: nowMs / 1000 + 60, iss: 'mas', aud: 'mas', sub: 'ops', ...claims }, keys.keys[0]!.signing!, { algorithm: 'HS256', keyid: '1', header: { alg: 'HS256', ...header }, ...options });

beforeEach(() => {
  nowMs = 1_700_000_000_000;
});

test('an operator and an account are told apart', () => {
  const verifier = new JwtTokenVerifier(keys, clock);
  expect(verifier.verify(signer.operator('alice', 60))).toEqual({ ok: true, value: { kind: 'operator', name: 'mas|alice' } });
  expect(verifier.verify(signer.account(accountNumber('abc'), 60))).toEqual({ ok: true, value: { kind: 'account', account: 'abc' } });
});

test('a remembered token is refused once it has expired', () => {
  const verifier = new JwtTokenVerifier(keys, clock);
  const token = signer.operator('alice', 60);
  expect(verifier.verify(token).ok).toBe(true);
  nowMs += 66_000;
  expect(verifier.verify(token)).toEqual({ ok: false, error: { reason: expect.stringContaining('expired') } });
  expect(verifier.verify(token).ok).toBe(false);
});

test.each([
  ['another audience', () => raw({ aud: 'bank' }), 'audience'],
  ['another issuer', () => raw({ iss: 'bank' }), 'issuer'],
  ['another algorithm', () => raw({}, { algorithm: 'HS512' }, { alg: 'HS512' }), 'algorithm'],
  ['no algorithm', () => `${Buffer.from('{"alg":"none","kid":"1"}').toString('base64url')}.${raw({}).split('.')[1] ?? ''}.`, 'malformed'],
  ['an altered payload', () => raw({}).replace(/\.[^.]+\./, `.${Buffer.from('{"mas":{"role":"operator"}}').toString('base64url')}.`), 'signature'],
  ['no expiry', () => sign({ mas: { role: 'operator' }, iss: 'mas', aud: 'mas', sub: 'x' }, keys.keys[0]!.signing!, { keyid: '1' }), 'no expiry'],
  ['expired', () => raw({ exp: nowMs / 1000 - 60 }), 'expired'],
  ['not yet valid', () => raw({ nbf: nowMs / 1000 + 60 }), 'not valid yet'],
  ['an unknown key', () => raw({}, { keyid: '9' }), '"9"'],
  ['no role', () => raw({ mas: {} }), 'neither'],
  ['an account role without an account', () => raw({ mas: { role: 'account' } }), 'neither'],
  ['an account role with a malformed number', () => raw({ mas: { role: 'account', account: 'a b' } }), 'neither'],
  ['garbage', () => 'x.y.z', 'malformed'],
  ['an endless text', () => 'x'.repeat(100_000), 'too long'],
])('refused: %s', (_name, make, reason) => {
  expect(new JwtTokenVerifier(keys, clock).verify(make())).toEqual({ ok: false, error: { reason: expect.stringContaining(reason) } });
});

test('keys rotate: both verify, the first signs, a dropped one no longer verifies', () => {
  const both = keysOf([{ id: '2', content: OTHER }, { id: '1', content: SECRET }]);
  const old = signer.operator('alice', 60);
  const fresh = new TokenSigner(both, clock).operator('alice', 60);
  expect(new JwtTokenVerifier(both, clock).verify(old).ok).toBe(true);
  expect(new JwtTokenVerifier(both, clock).verify(fresh).ok).toBe(true);
  expect(new JwtTokenVerifier(keys, clock).verify(fresh).ok).toBe(false);
});

test('RS256 and ES256 sign and verify; a public key verifies only', () => {
  for (const [algorithm, pair] of [['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })], ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })]] as const) {
    const token = new TokenSigner(keysOf([{ id: 'k', content: pem(pair) }], algorithm), clock).operator('a', 60);
    const publicOnly = keysOf([{ id: 'k', content: Buffer.from(pair.publicKey.export({ type: 'spki', format: 'pem' })) }], algorithm);
    expect(new JwtTokenVerifier(publicOnly, clock).verify(token).ok).toBe(true);
    expect(new TokenSigner(publicOnly, clock).canSign()).toBe(false);
  }
});

test.each<[string, TokenAlgorithm, readonly Uint8Array[]]>([
  ['TOKEN_SECRET_TOO_SHORT', 'HS256', [Buffer.from('secret')]],
  ['TOKEN_SECRET_TOO_SHORT', 'HS256', [Buffer.from('ab'.repeat(31))]],
  ['TOKEN_KEY_WRONG_TYPE', 'HS256', [pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }))]],
  ['TOKEN_KEY_UNREADABLE', 'ES256', [SECRET]],
  ['TOKEN_KEY_WRONG_TYPE', 'ES256', [pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }))]],
  ['TOKEN_KEY_TOO_SMALL', 'RS256', [pem(generateKeyPairSync('rsa', { modulusLength: 1024 }))]],
  ['TOKEN_KEYS_COUNT', 'HS256', []],
  ['TOKEN_KEYS_COUNT', 'HS256', [SECRET, SECRET, SECRET]],
])('refused at start: %s for %s', (name, algorithm, contents) => {
  const made = tokenKeys({ algorithm, issuer: 'mas', audience: 'mas', sources: contents.map((content, at) => ({ id: String(at), content })) });
  expect(made).toEqual({ ok: false, error: { name, message: expect.any(String) } });
});
