/** What a server process reads from disk at start: certificates and token keys, each missing or wrong one named with what makes it. */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
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
    { path: join(folder, 'ca.crt'), pem: ca },
    { path: join(folder, `${name}.crt`), pem: certificate },
  ];
}

export interface TokenSettings {
  readonly certs: string;
  readonly jwtAlgorithm: TokenAlgorithm;
  /** `kid=file,kid=file`; empty: the folder's own key. */
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

export function tokenKeyFiles(settings: TokenSettings): readonly { readonly keyId: string; readonly path: string }[] {
  const sources = settings.jwtKeys === '' ? [`1=${join(settings.certs, DEFAULT_KEY_FILES[settings.jwtAlgorithm])}`] : settings.jwtKeys.split(',');
  return sources.map((source) => {
    const at = source.indexOf('=');
    return { keyId: source.slice(0, at), path: source.slice(at + 1) };
  });
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
