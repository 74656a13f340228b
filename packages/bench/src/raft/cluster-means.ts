/** What both clusters need to start: as many processes, certificates of the same kind, ports. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { freePort } from '@mas/test-servers';

export const PROCESSES = 3;
const CERTS_SCRIPT = resolve(__dirname, '../../../../certs/make-certs.sh');

/** Writes ca.crt and rm-N.crt, rm-N.key. */
export function makeCerts(folder: string): void {
  execFileSync('bash', [CERTS_SCRIPT, '--dir', folder, '--rms', String(PROCESSES)], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export async function distinctPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
