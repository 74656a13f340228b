/** An operator's token of a local cluster, signed with its own key. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTokenKeys, TokenSigner } from '@mas/rpc';

const LIFETIME_SECONDS = 24 * 3600;

export function operatorToken(certs: string): string {
  const keys = loadTokenKeys({ algorithm: 'HS256', issuer: 'mas', audience: 'mas', keys: [{ keyId: '1', material: readFileSync(join(certs, 'jwt-hs256-1.key')) }] });
  if (!keys.ok) throw new Error(keys.error.message);
  return new TokenSigner(keys.value, { wallMs: () => Date.now() }).operator('bench', LIFETIME_SECONDS).token;
}
