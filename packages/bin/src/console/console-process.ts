/** `mas console`: the web console as a process of its own. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startConsole } from '@mas/console';
import { TLS_MIN_VERSION, TLS_SUITES } from '@mas/rpc';
import { readSettings } from '../config/setting';
import { CertificateWatch } from '../platform/certificate-times';
import { Lifecycle } from '../platform/lifecycle';
import { createLogger } from '../platform/pino-logger';
import { systemClock } from '../platform/system-clock';
import { certificateFiles, readTlsIdentity } from '../server/process-files';
import { UsageError } from '../usage-error';
import { consoleSettings } from './console-settings';
import { judge } from './judge';
import { CONSOLE_PAGES } from './pages';

const STOP_TIMEOUT_MS = 5_000;

/** Runs until a signal. @throws UsageError for wrong settings, before anything is opened. */
export async function runConsole(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const settings = readSettings(consoleSettings, flags, process.env);
  const tls = readTlsIdentity(settings.certs, 'console');
  const readToken = (): string => tokenOf(settings.token);
  if (settings.token !== '') readToken();
  const logger = createLogger({ level: settings.logLevel, format: settings.logFormat, base: { console: settings.listen.port } });
  const lifecycle = new Lifecycle(logger, STOP_TIMEOUT_MS);
  lifecycle.install();
  const certificates = new CertificateWatch(() => certificateFiles(settings.certs, 'console', tls), systemClock, logger);
  certificates.start();
  lifecycle.onStop('certificate watch', () => Promise.resolve(certificates.stop()));
  const running = await startConsole({
    pages: CONSOLE_PAGES,
    listen: { host: settings.listen.host.replace(/^\[|\]$/g, ''), port: settings.listen.port },
    tls: { certificate: tls.certificate, key: tls.key, minVersion: TLS_MIN_VERSION, ciphers: TLS_SUITES },
    cluster: { addresses: settings.tc, ca: tls.ca },
    judge,
    show: null,
    clock: systemClock,
    logger,
  }).catch((error: unknown) => {
    throw new UsageError(listenProblem(error, `${settings.listen.host}:${settings.listen.port}`));
  });
  lifecycle.onStop('listener', () => running.close());
  logger.info({ address: running.address, transactionManagers: settings.tc.join(',') }, 'ready');
  // Not a line of the log: whoever reads it first is signed in.
  if (settings.token !== '') process.stdout.write(`Sign in, once: ${running.oneTimeAddress(readToken)}\n`);
}

function listenProblem(error: unknown, address: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `the console cannot listen on ${address} (${code}): choose another address with --listen (MAS_CONSOLE_LISTEN)`;
}

function tokenOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new UsageError(`--token (or MAS_CONSOLE_TOKEN) is "${file}": ${resolve(file)} cannot be read`);
  }
}
