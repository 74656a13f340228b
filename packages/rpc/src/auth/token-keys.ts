/**
 * Keys of tokens: one algorithm for the whole cluster, one key that signs, at most one more that still verifies while
 * keys rotate. Weak or mistyped keys are refused at start, each by name.
 */
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { err, ok, type Result } from '@mas/values';

export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256';

export interface TokenKey {
  readonly id: string;
  /** Absent where only a public key was given: this process verifies but does not sign. */
  readonly signing: KeyObject | null;
  readonly verifying: KeyObject;
}

export interface TokenKeys {
  readonly algorithm: TokenAlgorithm;
  readonly issuer: string;
  readonly audience: string;
  /** 1 or 2; the first signs. */
  readonly keys: readonly TokenKey[];
}

export type TokenKeyRefusal = 'TOKEN_SECRET_TOO_SHORT' | 'TOKEN_KEY_UNREADABLE' | 'TOKEN_KEY_WRONG_TYPE' | 'TOKEN_KEY_TOO_SMALL' | 'TOKEN_KEYS_COUNT';

export interface TokenKeyError {
  readonly name: TokenKeyRefusal;
  readonly message: string;
}

/** RFC 7518 section 3.2: a key of the hash's size or larger. */
export const MIN_SECRET_BYTES = 32;
const MIN_RSA_BITS = 2048;
const MAX_KEYS = 2;

export function tokenKeys(options: { readonly algorithm: TokenAlgorithm; readonly issuer: string; readonly audience: string; readonly sources: readonly { readonly id: string; readonly content: Uint8Array }[] }): Result<TokenKeys, TokenKeyError> {
  const { algorithm, issuer, audience, sources } = options;
  if (sources.length < 1 || sources.length > MAX_KEYS || new Set(sources.map((source) => source.id)).size !== sources.length) {
    return refuse('TOKEN_KEYS_COUNT', `give one token key, or two with different ids while keys rotate; there are ${sources.length}`);
  }
  const keys: TokenKey[] = [];
  for (const source of sources) {
    const key = algorithm === 'HS256' ? secretKey(source.id, source.content) : asymmetricKey(algorithm, source.id, source.content);
    if (!key.ok) return key;
    keys.push(key.value);
  }
  return ok({ algorithm, issuer, audience, keys });
}

function secretKey(id: string, content: Uint8Array): Result<TokenKey, TokenKeyError> {
  const text = Buffer.from(content).toString('latin1').trim();
  const bytes = /^(?:[0-9a-fA-F]{2})+$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'latin1');
  if (text.includes('-----BEGIN')) return refuse('TOKEN_KEY_WRONG_TYPE', `token key "${id}" is a PEM file, HS256 needs a secret: choose another algorithm or another file`);
  if (bytes.length < MIN_SECRET_BYTES) return refuse('TOKEN_SECRET_TOO_SHORT', `token key "${id}" has ${bytes.length} bytes, HS256 needs at least ${MIN_SECRET_BYTES}: make one with "openssl rand -hex 32"`);
  const secret = createSecretKey(bytes);
  return ok({ id, signing: secret, verifying: secret });
}

function asymmetricKey(algorithm: 'RS256' | 'ES256', id: string, content: Uint8Array): Result<TokenKey, TokenKeyError> {
  const pem = Buffer.from(content);
  let signing: KeyObject | null = null;
  let verifying: KeyObject;
  try {
    if (pem.includes('PRIVATE KEY')) signing = createPrivateKey(pem);
    verifying = createPublicKey(pem);
  } catch {
    return refuse('TOKEN_KEY_UNREADABLE', `token key "${id}" is not a PEM key; ${algorithm} needs a private key to sign or a public key to verify`);
  }
  const details = verifying.asymmetricKeyDetails;
  if (algorithm === 'RS256') {
    if (verifying.asymmetricKeyType !== 'rsa') return wrongType(id, algorithm, 'an RSA key');
    if ((details?.modulusLength ?? 0) < MIN_RSA_BITS) return refuse('TOKEN_KEY_TOO_SMALL', `token key "${id}" has ${details?.modulusLength ?? 0} bits, RS256 needs at least ${MIN_RSA_BITS}`);
  } else if (verifying.asymmetricKeyType !== 'ec' || details?.namedCurve !== 'prime256v1') {
    return wrongType(id, algorithm, 'a P-256 key');
  }
  return ok({ id, signing, verifying });
}

function wrongType(id: string, algorithm: TokenAlgorithm, needed: string): Result<TokenKey, TokenKeyError> {
  return refuse('TOKEN_KEY_WRONG_TYPE', `token key "${id}" does not fit ${algorithm}, which needs ${needed}`);
}

function refuse(name: TokenKeyRefusal, message: string): { readonly ok: false; readonly error: TokenKeyError } {
  return err({ name, message });
}
