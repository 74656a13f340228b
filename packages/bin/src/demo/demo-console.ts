/** The console of `npm start`, inside of its process; its log goes where those of the cluster's processes go. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startConsole, type RunningConsole, type Show } from '@mas/console';
import { TLS_MIN_VERSION, TLS_SUITES } from '@mas/rpc';
import { judge } from '../console/judge';
import { CONSOLE_PAGES } from '../console/pages';
import { createLogger } from '../platform/pino-logger';
import { systemClock } from '../platform/system-clock';
import type { LocalCluster } from './local-cluster';

export function startDemoConsole(options: {
  readonly cluster: LocalCluster;
  readonly certs: string;
  readonly port: number;
  readonly show: Show;
  readonly writeLog: (line: string) => void;
}): Promise<RunningConsole> {
  const { cluster, certs, port, show, writeLog } = options;
  return startConsole({
    pages: CONSOLE_PAGES,
    listen: { host: 'localhost', port },
    tls: {
      certificate: readFileSync(join(certs, 'console.crt')),
      key: readFileSync(join(certs, 'console.key')),
      minVersion: TLS_MIN_VERSION,
      ciphers: TLS_SUITES,
    },
    cluster: { addresses: [cluster.address], ca: cluster.caCertificate() },
    judge,
    show,
    clock: systemClock,
    logger: createLogger({ level: 'info', base: {}, format: 'json', destination: { write: (line) => writeLog(line.trimEnd()) } }),
  });
}
