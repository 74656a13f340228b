/** A certificate authority and certificates of a small cluster in a folder of their own, by the real script. Test support only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TlsIdentity } from '../auth/tls-identity';

export interface TestCerts {
  readonly dir: string;
  readonly tm: TlsIdentity;
  /** rm(1) … rm(3). */
  rm(id: number): TlsIdentity;
  remove(): void;
}

const SCRIPT = resolve(__dirname, '../../../../certs/make-certs.sh');

export function makeTestCerts(): TestCerts {
  const dir = mkdtempSync(join(tmpdir(), 'mas-certs-'));
  execFileSync('bash', [SCRIPT, '--dir', dir, '--rms', '3'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const identity = (name: string): TlsIdentity => ({
    ca: readFileSync(join(dir, 'ca.crt')),
    certificate: readFileSync(join(dir, `${name}.crt`)),
    key: readFileSync(join(dir, `${name}.key`)),
  });
  return { dir, tm: identity('tm'), rm: (id) => identity(`rm-${id}`), remove: () => rmSync(dir, { recursive: true, force: true }) };
}
