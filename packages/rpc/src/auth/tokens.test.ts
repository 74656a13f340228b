/** Tokens: what is accepted, everything that is refused, rotation, and keys that would make tokens forgeable. */
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { accountNumber, present, type Result } from '@mas/values';
import fc from 'fast-check';
import { sign } from 'jsonwebtoken';
import { freshSecret } from '../testing/fresh-secret';
import { JwtTokenVerifier } from './jwt-token-verifier';
import { loadTokenKeys, type TokenConfig, type TokenKeys } from './token-keys';
import { TokenSigner } from './token-signer';

const now = { ms: 1_700_000_000_000 };
const clock = { wallMs: () => now.ms };
const nowSeconds = Math.floor(now.ms / 1000);
const secret = freshSecret();
const config: TokenConfig = { algorithm: 'HS256', issuer: 'mas', audience: 'mas', keys: [{ keyId: '1', material: secret }] };

const loaded = (each: TokenConfig): TokenKeys => {
  const keys = loadTokenKeys(each);
  if (!keys.ok) throw new Error(keys.error.message);
  return keys.value;
};
const verifier = (each: TokenConfig = config): JwtTokenVerifier => new JwtTokenVerifier({ current: loaded(each) }, clock);
const signer = (each: TokenConfig = config): TokenSigner => new TokenSigner({ current: loaded(each) }, clock);
const reason = (result: Result<unknown, { readonly reason: string }>): string => (result.ok ? 'accepted' : result.error.reason);
const claims = { iss: 'mas', aud: 'mas', sub: 'ops', role: 'operator', exp: nowSeconds + 60 };
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

beforeEach(() => {
  now.ms = 1_700_000_000_000;
});

test('an operator and an account are told apart', () => {
  expect(verifier().verify(signer().operator('ops', 60).token)).toEqual({ ok: true, value: { kind: 'operator', name: 'mas|ops' } });
  expect(verifier().verify(signer().account(accountNumber('abc'), 60).token)).toEqual({ ok: true, value: { kind: 'account', account: 'abc' } });
});

test.each(['ES256', 'RS256'] as const)('%s: the private key signs, the public one alone verifies', (algorithm) => {
  const pair = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = {
    private: Buffer.from(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
    public: Buffer.from(pair.publicKey.export({ type: 'spki', format: 'pem' })),
  };
  const { token } = signer({ ...config, algorithm, keys: [{ keyId: 'k', material: pem.private }] }).operator('ops', 60);
  const publicOnly = { ...config, algorithm, keys: [{ keyId: 'k', material: pem.public }] };
  expect(verifier(publicOnly).verify(token).ok).toBe(true);
  expect(signer(publicOnly).canSign()).toBe(false);
  expect(reason(verifier().verify(token))).not.toBe('accepted');
});

describe('refused', () => {
  const es = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const esConfig: TokenConfig = {
    ...config,
    algorithm: 'ES256',
    keys: [{ keyId: '1', material: Buffer.from(es.publicKey.export({ type: 'spki', format: 'pem' })) }],
  };
  const publicPem = es.publicKey.export({ type: 'spki', format: 'pem' });
  const input = `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(claims)}`;
  const confused = `${input}.${createHmac('sha256', publicPem).update(input).digest('base64url')}`;

  /** Signed as it should be, with a payload that no library would sign. */
  const signedText = (payload: string): string => {
    const text = `${base64({ alg: 'HS256', typ: 'JWT' })}.${Buffer.from(payload).toString('base64url')}`;
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
  };

  test.each([
    ['no signature (alg none)', config, `${base64({ alg: 'none' })}.${base64(claims)}.`, 'signature is required'],
    ['another algorithm of the same secret', config, sign(claims, secret, { algorithm: 'HS384' }), 'invalid algorithm'],
    ['the public key used as an HMAC secret', esConfig, confused, 'invalid algorithm'],
    ['another secret', config, sign(claims, freshSecret()), 'invalid signature'],
    ['another issuer', config, sign({ ...claims, iss: 'eve' }, secret), 'issuer invalid'],
    ['another audience', config, sign({ ...claims, aud: 'bank' }, secret), 'audience invalid'],
    ['expired', config, sign({ ...claims, exp: nowSeconds - 1 }, secret), 'expired'],
    ['not yet valid', config, sign({ ...claims, nbf: nowSeconds + 30 }, secret), 'not active'],
    ['no expiry', config, sign({ iss: 'mas', aud: 'mas', sub: 'ops', role: 'operator' }, secret), 'no expiry'],
    ['no role', config, sign({ ...claims, role: undefined }, secret), 'no role'],
    ['a role of ours that does not exist', config, sign({ ...claims, role: 'system' }, secret), 'no role'],
    ['an account that is no number', config, sign({ ...claims, role: 'account', sub: 'a|b' }, secret), 'no account number'],
    ['a key id that is not in use', config, sign(claims, secret, { keyid: '9' }), 'not in use'],
    ['no token at all', config, '', '1 to 4096'],
    ['something else', config, 'abc.def.ghi', 'no JSON Web Token'],
    ['an extension that it demands', config, sign(claims, secret, { header: { alg: 'HS256', crit: ['exp'] } as never }), 'crit'],
    ['an empty demand for extensions', config, sign(claims, secret, { header: { alg: 'HS256', crit: [] } as never }), 'crit'],
    ['claims that are null', config, signedText('null'), 'no claims'],
    ['claims that are a list', config, signedText('[1]'), 'no claims'],
    ['claims that are a number', config, signedText('7'), 'no claims'],
  ])('%s', (_what, each, token, expected) => {
    const said = reason(verifier(each).verify(token));
    expect(said).toContain(expected);
    // Nothing of the language that this happens to be written in.
    expect(said).not.toMatch(/undefined|null|Cannot|TypeError|JSON at|Unexpected/);
  });
});

describe('odd tokens are refused and never throw', () => {
  const part = fc.oneof(
    fc.json().map((json) => Buffer.from(json).toString('base64url')),
    fc.constantFrom(base64({ alg: 'HS256', typ: 'JWT' }), base64({ alg: 'none', typ: 'JWT' }), base64(null), base64('text')),
    fc.base64String(),
    fc.string(),
  );
  const forms = fc.oneof(
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
    fc.string({ unit: 'binary' }),
  );

  test.each([
    ['a payload that is no JSON', 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.aGVsbG8.x'],
    ['a header that is null', `${base64(null)}.${base64(claims)}.x`],
  ])('%s', (_what, token) => {
    expect(reason(verifier().verify(token))).toBe('the token is no JSON Web Token');
  });

  test('a header that is a number', () => {
    expect(verifier().verify(`${base64(5)}.${base64(claims)}.x`).ok).toBe(false);
  });

  test.each(['not JSON', 'null', '5', '"text"', '[]', '{'])('signed by us, with the payload %s', (payload) => {
    const input = `${base64({ alg: 'HS256', typ: 'JWT' })}.${Buffer.from(payload).toString('base64url')}`;
    expect(verifier().verify(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`).ok).toBe(false);
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(forms, (token) => !verifier().verify(token).ok),
      { numRuns: 2000 },
    );
  });
});

test('a remembered token still expires', () => {
  const remembering = verifier();
  const { token, expiresAtMs } = signer().operator('ops', 60);
  expect(remembering.verify(token).ok).toBe(true);
  now.ms = expiresAtMs - 1;
  expect(remembering.verify(token).ok).toBe(true);
  now.ms = expiresAtMs;
  expect(reason(remembering.verify(token))).toContain('expired');
});

test('rotation: both keys verify, the first signs, a retired one is refused', () => {
  const old = present(config.keys[0], 'old key');
  const fresh = { keyId: '2', material: freshSecret() };
  const both: TokenConfig = { ...config, keys: [fresh, old] };
  expect(verifier(both).verify(signer().operator('ops', 60).token).ok).toBe(true);
  expect(verifier(both).verify(signer(both).operator('ops', 60).token).ok).toBe(true);
  expect(verifier({ ...config, keys: [fresh] }).verify(signer().operator('ops', 60).token).ok).toBe(false);
});

test('a token without a key id is tried with every key', () => {
  const both: TokenConfig = { ...config, keys: [{ keyId: '2', material: freshSecret() }, ...config.keys] };
  expect(verifier(both).verify(sign(claims, secret)).ok).toBe(true);
});

describe('keys that are refused at start', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const weakPem = Buffer.from(weak.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  test.each([
    ['a short secret', { ...config, keys: [{ keyId: '1', material: Buffer.alloc(31, 'a') }] }, 'TOKEN_SECRET_TOO_SHORT'],
    [
      'a secret that is long by its newline only',
      { ...config, keys: [{ keyId: '1', material: Buffer.concat([Buffer.alloc(31, 'a'), Buffer.from('\n')]) }] },
      'TOKEN_SECRET_TOO_SHORT',
    ],
    [
      'the PEM of a public key as a secret',
      { ...config, keys: [{ keyId: '1', material: Buffer.from(createPublicKey(weak.privateKey).export({ type: 'spki', format: 'pem' })) }] },
      'TOKEN_SECRET_IS_A_KEY',
    ],
    ['the PEM of a private key as a secret', { ...config, keys: [{ keyId: '1', material: weakPem }] }, 'TOKEN_SECRET_IS_A_KEY'],
    [
      'the bytes of a public key as a secret',
      { ...config, keys: [{ keyId: '1', material: weak.publicKey.export({ type: 'spki', format: 'der' }) }] },
      'TOKEN_SECRET_IS_A_KEY',
    ],
    [
      'the ssh form of a public key as a secret',
      { ...config, keys: [{ keyId: '1', material: Buffer.from(`ssh-ed25519 ${'A'.repeat(68)} me@here`) }] },
      'TOKEN_SECRET_IS_A_KEY',
    ],
    ['no key', { ...config, keys: [] }, 'TOKEN_KEYS_COUNT'],
    ['three keys', { ...config, keys: ['1', '2', '3'].map((keyId) => ({ keyId, material: secret })) }, 'TOKEN_KEYS_COUNT'],
    ['two keys of one id', { ...config, keys: ['1', '1'].map((keyId) => ({ keyId, material: secret })) }, 'TOKEN_KEY_ID_REPEATED'],
    ['a weak RSA key', { ...config, algorithm: 'RS256', keys: [{ keyId: '1', material: weakPem }] }, 'TOKEN_KEY_WRONG_TYPE'],
    ['an RSA key for ES256', { ...config, algorithm: 'ES256', keys: [{ keyId: '1', material: weakPem }] }, 'TOKEN_KEY_WRONG_TYPE'],
    ['no PEM at all', { ...config, algorithm: 'ES256', keys: [{ keyId: '1', material: secret }] }, 'TOKEN_KEY_UNREADABLE'],
    ['an issuer that could forge a scope', { ...config, issuer: 'a|b' }, 'TOKEN_ISSUER_INVALID'],
  ] as const)('%s', (_what, each, name) => {
    expect(loadTokenKeys(each)).toMatchObject({ ok: false, error: { name } });
  });
});
