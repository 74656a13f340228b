/** What a server process reads from disk at start: certificates and token keys, each missing or wrong one named with what makes it. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadTokenKeys, type TlsIdentity, type TokenAlgorithm, type TokenKeys } from '@mas/rpc';
import { certificateProblem, type CertificateFile } from '../platform/certificate-times';
import { UsageError } from '../usage-error';

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
  const sources = settings.jwtKeys === '' ? [`1=${join(settings.certs, DEFAULT_KEY_FILES[settings.jwtAlgorithm])}`] : settings.jwtKeys.split(',');
  const keys = sources.map((source) => {
    const at = source.indexOf('=');
    return { keyId: source.slice(0, at), material: read(source.slice(at + 1)) };
  });
  const loaded = loadTokenKeys({ algorithm: settings.jwtAlgorithm, issuer: settings.jwtIssuer, audience: settings.jwtAudience, keys });
  if (!loaded.ok) throw new UsageError(`${loaded.error.name}: ${loaded.error.message}`);
  return loaded.value;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new UsageError(`${resolve(path)} cannot be read: make certificates and keys with "npm run certs", or name their folder with --certs (MAS_CERTS)`);
  }
}
