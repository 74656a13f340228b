/**
 * Certificates, keys and an operator's token, in one folder, for every form of running: `mas certs`, `npm start` and the
 * init step of docker-compose.yml. The script makes what is missing; this adds the token that mas-client takes by default.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { JwtTokenVerifier, loadTokenKeys, TokenSigner } from '@mas/rpc';
import { systemClock } from '../platform/system-clock';
import { UsageError } from '../usage-error';

export const OPERATOR_TOKEN_FILE = 'operator.jwt';
const OPERATOR_TOKEN_SECONDS = 365 * 24 * 3600;
const MAKE_CERTS = resolve(__dirname, '../../../../certs/make-certs.sh');

/** Idempotent. Returns what was made, a line each. @throws UsageError with what the script said. */
export function makeCertificates(options: {
  readonly folder: string;
  readonly resourceManagers: number;
  readonly hosts?: readonly string[];
}): readonly string[] {
  const { folder, resourceManagers, hosts = [] } = options;
  let made: string;
  try {
    made = execFileSync('bash', [MAKE_CERTS, '--dir', folder, '--rms', String(resourceManagers), ...hosts.flatMap((host) => ['--host', host])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }).toString();
  } catch (error) {
    const said = (error as { readonly stderr?: Buffer }).stderr?.toString().trim() ?? '';
    throw new UsageError(said === '' ? 'bash is needed to make certificates' : said);
  }
  return [...made.split('\n').filter((line) => line !== ''), ...makeOperatorToken(folder)];
}

/** Kept while it is valid with the present key. */
function makeOperatorToken(folder: string): readonly string[] {
  const keys = loadTokenKeys({
    algorithm: 'HS256',
    issuer: 'mas',
    audience: 'mas',
    keys: [{ keyId: '1', material: readFileSync(join(folder, 'jwt-hs256-1.key')) }],
  });
  if (!keys.ok) throw new UsageError(keys.error.message);
  const file = join(folder, OPERATOR_TOKEN_FILE);
  if (existsSync(file) && new JwtTokenVerifier({ current: keys.value }, systemClock).verify(readFileSync(file, 'utf8').trim()).ok) return [];
  writeFileSync(file, `${new TokenSigner({ current: keys.value }, systemClock).operator('operator', OPERATOR_TOKEN_SECONDS).token}\n`, { mode: 0o600 });
  return [`made ${OPERATOR_TOKEN_FILE}`];
}
