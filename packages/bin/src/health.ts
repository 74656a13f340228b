/** `mas health`: asks a process's grpc.health.v1; exit code 0 when it serves. For containers and scripts. */
import type { Command } from 'commander';
import { hostPortAdvice, parseHostPort } from './config/host-port';
import { UsageError } from './usage-error';

const TIMEOUT_MS = 3_000;

export function addHealthCommand(program: Command): void {
  program
    .command('health')
    .description('exit code 0 when the process serves')
    .option('--address <host:port>', 'default: localhost and the port of MAS_LISTEN')
    .option('--certs <dir>', 'folder with certificates (MAS_CERTS)', process.env['MAS_CERTS'] ?? 'certs')
    .option('--identity <name>', 'certificate to show: tm or rm-N', 'tm')
    .action(async (options: { readonly address?: string; readonly certs: string; readonly identity: string }) => {
      const address = options.address ?? fromEnvironment();
      if (parseHostPort(address) === null) throw new UsageError(`--address is "${address}": ${hostPortAdvice(address)}`);
      const [{ checkHealth }, { readTlsIdentity }] = await Promise.all([import('@mas/rpc'), import('./server/process-files.js')]);
      const status = await checkHealth(address, readTlsIdentity(options.certs, options.identity), TIMEOUT_MS);
      process.stdout.write(`${address} ${status}\n`);
      process.exit(status === 'SERVING' ? 0 : 1);
    });
}

function fromEnvironment(): string {
  const port = /:(\d+)$/.exec(process.env['MAS_LISTEN'] ?? '')?.[1];
  if (port === undefined) throw new UsageError('give --address, or MAS_LISTEN as host:port');
  return `localhost:${port}`;
}
