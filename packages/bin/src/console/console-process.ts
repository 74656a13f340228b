/** `mas console`: the web console as a process of its own. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startConsole, type ConsoleTls } from '@mas/console';
import { TLS_MIN_VERSION, TLS_SUITES, type TlsIdentity } from '@mas/rpc';
import { readSettings } from '../config/setting';
import { Lifecycle } from '../platform/lifecycle';
import { createLogger } from '../platform/pino-logger';
import { systemClock } from '../platform/system-clock';
import { OwnCertificates } from '../server/own-certificates';
import { readTlsIdentity } from '../server/process-files';
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
  const certificates = new OwnCertificates({ folder: settings.certs, name: 'console', tls, reloads: { done: 0, refused: 0 }, clock: systemClock, logger });
  const live = certificates.tls;
  certificates.start();
  lifecycle.onStop('certificates', () => Promise.resolve(certificates.stop()));
  const running = await startConsole({
    pages: CONSOLE_PAGES,
    listen: { host: settings.listen.host.replace(/^\[|\]$/g, ''), port: settings.listen.port },
    tls: shown(live),
    cluster: {
      addresses: settings.tc,
      get ca() {
        return live.ca;
      },
    },
    judge,
    show: null,
    clock: systemClock,
    logger,
  }).catch((error: unknown) => {
    throw new UsageError(listenProblem(error, `${settings.listen.host}:${settings.listen.port}`));
  });
  live.onChange(() => running.useTls(shown(live)));
  lifecycle.onStop('listener', () => running.close());
  logger.info({ address: running.address, transactionManagers: settings.tc.join(',') }, 'ready');
  // Not a line of the log: whoever reads it first is signed in.
  if (settings.token !== '') process.stdout.write(`Sign in, once: ${running.oneTimeAddress(readToken)}\n`);
}

function shown({ certificate, key }: TlsIdentity): ConsoleTls {
  return { certificate, key, minVersion: TLS_MIN_VERSION, ciphers: TLS_SUITES };
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
