/** What a server process reads from disk at start: certificates and token keys, each missing or wrong one named with what makes it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadTokenKeys, type TlsIdentity, type TokenAlgorithm, type TokenKeys } from '@mas/rpc';
import type { Logger } from '@mas/values';
import { certificateProblem, type CertificateFile } from '../platform/certificate-times';
import { UsageError } from '../usage-error';

/** Any right at all for users who are neither the owner nor of the group. */
const OTHERS = 0o007;

/** `name` is `tm` or `rm-N`. @throws UsageError, also where a certificate has expired */
export function readTlsIdentity(folder: string, name: string): TlsIdentity {
  const identity = { ca: read(join(folder, 'ca.crt')), certificate: read(join(folder, `${name}.crt`)), key: read(join(folder, `${name}.key`)) };
  const problems = certificateFiles(folder, name, identity).flatMap((file) => certificateProblem(file, Date.now()) ?? []);
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return identity;
}

export function certificateFiles(folder: string, name: string, { ca, certificate }: TlsIdentity): readonly CertificateFile[] {
  return [
    { path: join(folder, 'ca.crt'), pem: ca, isAuthorities: true },
    { path: join(folder, `${name}.crt`), pem: certificate },
  ];
}

export interface TokenSettings {
  readonly certs: string;
  readonly jwtAlgorithm: TokenAlgorithm;
  /** `kid=file,kid=file`; empty: those that the folder's own list names, or its first key where there is no list. */
  readonly jwtKeys: string;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
}

const DEFAULT_KEY_FILES: Readonly<Record<TokenAlgorithm, string>> = { HS256: 'jwt-hs256-1.key', ES256: 'jwt-es256-1.key', RS256: 'jwt-rs256-1.key' };

/** @throws UsageError */
export function readTokenKeys(settings: TokenSettings): TokenKeys {
  const keys = tokenKeyFiles(settings).map(({ keyId, path }) => ({ keyId, material: read(path) }));
  const loaded = loadTokenKeys({ algorithm: settings.jwtAlgorithm, issuer: settings.jwtIssuer, audience: settings.jwtAudience, keys });
  if (!loaded.ok) throw new UsageError(`${loaded.error.name}: ${loaded.error.message}`);
  return loaded.value;
}

/** Who reads these can be this process, or sign tokens: none is for anybody but its owner and group. `name` is `tm` or `rm-N`. */
export function warnOfOpenKeys(settings: TokenSettings, name: string, logger: Pick<Logger, 'warn'>): void {
  for (const path of [join(settings.certs, `${name}.key`), ...tokenKeyFiles(settings).map((file) => file.path)]) {
    if ((statSync(path).mode & OTHERS) !== 0 && isSecret(path))
      logger.warn(
        { file: resolve(path) },
        'a key file is open to every user of this machine: take their rights away (chmod o= FILE), and replace the key where it may have been read',
      );
  }
}

/** The one that signs comes first. */
export function tokenKeyFiles(settings: TokenSettings): readonly { readonly keyId: string; readonly path: string }[] {
  if (settings.jwtKeys !== '') return settings.jwtKeys.split(',').map(keyFile);
  const list = keyList(settings);
  if (!existsSync(list)) return [{ keyId: '1', path: join(settings.certs, DEFAULT_KEY_FILES[settings.jwtAlgorithm]) }];
  const lines = read(list)
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(keyFile)
    .map(({ keyId, path }) => ({ keyId, path: resolve(dirname(list), path) }));
}

/** What keys depend on: the list that there may be, and the files that it names. */
export function tokenKeyPaths(settings: TokenSettings): readonly string[] {
  const list = settings.jwtKeys === '' ? [keyList(settings)] : [];
  try {
    return [...list, ...tokenKeyFiles(settings).map(({ path }) => path)];
  } catch {
    return list;
  }
}

/** A line `kid=file` for each key, so that keys can be added and taken away without a restart. */
function keyList({ certs }: TokenSettings): string {
  return join(certs, 'jwt.keys');
}

function keyFile(source: string): { readonly keyId: string; readonly path: string } {
  const at = source.indexOf('=');
  return { keyId: source.slice(0, at), path: source.slice(at + 1) };
}

/** A public key alone may be read by anybody. */
function isSecret(path: string): boolean {
  const text = read(path).toString('latin1');
  return !text.includes('PUBLIC KEY-----') || text.includes('PRIVATE KEY-----');
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new UsageError(`${resolve(path)} cannot be read: make certificates and keys with "npm run certs", or name their folder with --certs (MAS_CERTS)`);
  }
}
