/** `mas certs` (`npm run certs`): everything that a cluster and mas-client need to trust each other. */
import type { Command } from 'commander';
import { MAX_RESOURCE_MANAGERS } from '../config/common-settings';
import { integer } from '../config/setting';
import { UsageError } from '../usage-error';

interface CertsFlags {
  readonly dir: string;
  readonly rms: string;
  readonly host: readonly string[];
}

export function addCertsCommand(program: Command): void {
  program
    .command('certs')
    .description('make the certificates, keys and the operator\u2019s token that are missing or about to expire')
    .option('--dir <dir>', 'folder (MAS_CERTS)', process.env['MAS_CERTS'] ?? 'certs')
    .option('--rms <n>', 'resource managers to make certificates for', '3')
    .option('--host <name...>', 'further names or addresses under which the processes are reached', [])
    .action(async ({ dir, rms, host }: CertsFlags) => {
      const count = integer(1, MAX_RESOURCE_MANAGERS).safeParse(rms);
      if (!count.success) throw new UsageError(`--rms is "${rms}": expected a whole number from 1 to ${MAX_RESOURCE_MANAGERS}`);
      const { makeCertificates } = await import('./make-certificates.js');
      const made = makeCertificates({ folder: dir, resourceManagers: count.data, hosts: host });
      process.stdout.write(`${made.length === 0 ? `nothing to do: ${dir} has all of them` : made.join('\n')}\n`);
    });
}
