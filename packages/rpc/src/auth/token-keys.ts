/**
 * The keys of tokens: one algorithm, one or two keys (two while rotating), each with an id. Everything that could make
 * tokens forgeable is refused at start-up, by name.
 */
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { err, ok, type Result } from '@mas/values';

export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256';

export interface TokenKeyConfig {
  readonly keyId: string;
  /** HS256: the secret's bytes as they stand in the file (a trailing newline is cut). Else PEM: a private key signs and verifies, a public one verifies. */
  readonly material: Uint8Array;
}

export interface TokenConfig {
  readonly algorithm: TokenAlgorithm;
  readonly issuer: string;
  readonly audience: string;
  /** One or two. The first signs; all verify. */
  readonly keys: readonly TokenKeyConfig[];
}

export type TokenConfigProblemName =
  | 'TOKEN_KEYS_COUNT'
  | 'TOKEN_KEY_ID_INVALID'
  | 'TOKEN_KEY_ID_REPEATED'
  | 'TOKEN_SECRET_TOO_SHORT'
  | 'TOKEN_SECRET_IS_A_KEY'
  | 'TOKEN_KEY_UNREADABLE'
  | 'TOKEN_KEY_WRONG_TYPE'
  | 'TOKEN_ISSUER_INVALID'
  | 'TOKEN_AUDIENCE_INVALID';

export interface TokenConfigProblem {
  readonly name: TokenConfigProblemName;
  readonly message: string;
}

export interface TokenKey {
  readonly keyId: string;
  readonly verifyKey: KeyObject;
  /** Null where only the public half is here. */
  readonly signKey: KeyObject | null;
}

export interface TokenKeys {
  readonly algorithm: TokenAlgorithm;
  readonly issuer: string;
  readonly audience: string;
  readonly keys: readonly [TokenKey, ...TokenKey[]];
}

/** The keys in use now: they may be replaced while the process runs. */
export interface TokenKeySource {
  readonly current: TokenKeys;
}

/** HS256 is as strong as its secret; RFC 7518 section 3.2 asks for at least the hash's size. */
export const MIN_SECRET_BYTES = 32;
export const MIN_RSA_BITS = 2048;
export const MAX_TOKEN_KEYS = 2;
const NAME = /^[\x21-\x7e]{1,128}$/;

/** Reads and checks the keys. */
export function loadTokenKeys(config: TokenConfig): Result<TokenKeys, TokenConfigProblem> {
  if (!NAME.test(config.issuer) || config.issuer.includes('|'))
    return problem('TOKEN_ISSUER_INVALID', 'the issuer of tokens is 1 to 128 visible ASCII characters without "|"');
  if (!NAME.test(config.audience)) return problem('TOKEN_AUDIENCE_INVALID', 'the audience of tokens is 1 to 128 visible ASCII characters');
  if (config.keys.length < 1 || config.keys.length > MAX_TOKEN_KEYS)
    return problem('TOKEN_KEYS_COUNT', `tokens have one key, or two while rotating; ${config.keys.length} are configured`);
  const keys: TokenKey[] = [];
  for (const { keyId, material } of config.keys) {
    if (!NAME.test(keyId)) return problem('TOKEN_KEY_ID_INVALID', 'a key id is 1 to 128 visible ASCII characters');
    if (keys.some((key) => key.keyId === keyId)) return problem('TOKEN_KEY_ID_REPEATED', `two token keys have the id "${keyId}"`);
    const key = config.algorithm === 'HS256' ? secretKey(keyId, material) : keyPair(keyId, material, config.algorithm);
    if (!key.ok) return key;
    keys.push(key.value);
  }
  const [first, ...rest] = keys;
  if (first === undefined) return problem('TOKEN_KEYS_COUNT', 'no token key is configured');
  return ok({ algorithm: config.algorithm, issuer: config.issuer, audience: config.audience, keys: [first, ...rest] });
}

function secretKey(keyId: string, material: Uint8Array): Result<TokenKey, TokenConfigProblem> {
  const secret = withoutNewline(Buffer.from(material));
  if (secret.length < MIN_SECRET_BYTES)
    return problem(
      'TOKEN_SECRET_TOO_SHORT',
      `the HS256 secret "${keyId}" has ${secret.length} bytes; at least ${MIN_SECRET_BYTES} are needed (openssl rand -hex 32)`,
    );
  if (isAsymmetricKey(secret))
    return problem(
      'TOKEN_SECRET_IS_A_KEY',
      `the HS256 secret "${keyId}" is a key or certificate of RSA or of elliptic curves, whose public half others have: with it anybody could sign; use a secret of its own (openssl rand -hex 32), or RS256 or ES256 with this key`,
    );
  const key = createSecretKey(secret);
  return ok({ keyId, verifyKey: key, signKey: key });
}

/** PEM or the ssh form of anything, or the bare bytes (DER) of a public key. */
function isAsymmetricKey(secret: Buffer): boolean {
  if (/-----BEGIN |^(?:ssh-|ecdsa-|sk-)/.test(secret.toString('latin1'))) return true;
  return (['spki', 'pkcs1'] as const).some((type) => {
    try {
      createPublicKey({ key: secret, format: 'der', type });
      return true;
    } catch {
      return false;
    }
  });
}

function keyPair(keyId: string, material: Uint8Array, algorithm: 'RS256' | 'ES256'): Result<TokenKey, TokenConfigProblem> {
  const pem = Buffer.from(material).toString('utf8');
  const isPrivate = pem.includes('PRIVATE KEY-----');
  let signKey: KeyObject | null;
  let verifyKey: KeyObject;
  try {
    signKey = isPrivate ? createPrivateKey(pem) : null;
    verifyKey = createPublicKey(pem);
  } catch {
    return problem('TOKEN_KEY_UNREADABLE', `the token key "${keyId}" is no PEM key that OpenSSL reads`);
  }
  const details = verifyKey.asymmetricKeyDetails ?? {};
  const fits =
    algorithm === 'RS256'
      ? verifyKey.asymmetricKeyType === 'rsa' && (details.modulusLength ?? 0) >= MIN_RSA_BITS
      : verifyKey.asymmetricKeyType === 'ec' && details.namedCurve === 'prime256v1';
  const expected = algorithm === 'RS256' ? `an RSA key of at least ${MIN_RSA_BITS} bits` : 'an elliptic-curve key on P-256';
  return fits
    ? ok({ keyId, verifyKey, signKey })
    : problem('TOKEN_KEY_WRONG_TYPE', `the token key "${keyId}" does not fit ${algorithm}, which takes ${expected}`);
}

function withoutNewline(secret: Buffer): Buffer {
  let end = secret.length;
  while (end > 0 && (secret[end - 1] === 0x0a || secret[end - 1] === 0x0d)) end -= 1;
  return secret.subarray(0, end);
}

function problem(name: TokenConfigProblemName, message: string): { readonly ok: false; readonly error: TokenConfigProblem } {
  return err({ name, message });
}
