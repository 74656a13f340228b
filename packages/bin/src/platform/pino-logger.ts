/**
 * The Logger port on pino: JSON lines when not on a terminal, readable ones on it; credentials never leave the process. Where
 * lines cannot be written (a closed terminal or pipe, a full disk), they are lost and the process goes on.
 */
import { pino, type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { LogFacts, Logger } from '@mas/values';

/** Of lines that the destination does not take: what comes later is dropped. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;
const SECRET_FIELDS = ['authorization', '*.authorization', 'metadata.authorization', 'token', '*.token', 'password', '*.password'];

export interface ProcessLogger extends Logger {
  /** Writes what is buffered; before the process exits. */
  flush(): void;
}

export function createLogger(options: { readonly level: string; readonly base: LogFacts; readonly format?: 'auto' | 'json' | 'pretty'; readonly destination?: DestinationStream }): ProcessLogger {
  const stream = options.destination ?? standardOutput(options.format === 'pretty' || (options.format !== 'json' && process.stdout.isTTY));
  const logger = pino(
    { level: options.level, base: options.base, redact: { paths: SECRET_FIELDS, censor: '[redacted]' }, serializers: { err: pino.stdSerializers.err }, formatters: { level: (label) => ({ level: label }) }, timestamp: pino.stdTimeFunctions.isoTime },
    stream,
  );
  return {
    debug: (facts, message) => logger.debug(printable(facts), message),
    info: (facts, message) => logger.info(printable(facts), message),
    warn: (facts, message) => logger.warn(printable(facts), message),
    error: (facts, message) => logger.error(printable(facts), message),
    flush: () => logger.flush(),
  };
}

function standardOutput(readable: boolean): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  destination.on('error', () => undefined);
  return readable ? pretty({ colorize: (process.env['NO_COLOR'] ?? '') === '', translateTime: "UTC:yyyy-mm-dd'T'HH:MM:ss.l'Z'", ignore: 'pid,hostname', destination }) : destination;
}

/** JSON has no bigint; amounts are printed as their decimal digits. */
function printable(facts: LogFacts): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts)) plain[name] = typeof value === 'bigint' ? value.toString() : value;
  return plain;
}
