/**
 * The Logger port on pino: JSON lines when not on a terminal, readable ones on it; credentials never leave the process. Where
 * lines cannot be written (a closed terminal or pipe, a full disk), they are lost and the process goes on.
 */
import { pino, type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { LogFacts, Logger } from '@mas/values';

/** Of lines that the destination does not take: what comes later is dropped. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;
/** What pino writes by itself. */
const OWN_FIELDS = ['level', 'time', 'msg'];
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
  const taken = new Set([...OWN_FIELDS, ...Object.keys(options.base)]);
  return {
    debug: (facts, message) => logger.debug(printable(facts, taken), message),
    info: (facts, message) => logger.info(printable(facts, taken), message),
    warn: (facts, message) => logger.warn(printable(facts, taken), message),
    error: (facts, message) => logger.error(printable(facts, taken), message),
    flush: () => logger.flush(),
  };
}

function standardOutput(readable: boolean): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  destination.on('error', () => undefined);
  return readable ? pretty({ colorize: (process.env['NO_COLOR'] ?? '') === '', translateTime: "UTC:yyyy-mm-dd'T'HH:MM:ss.l'Z'", ignore: 'pid,hostname', destination }) : destination;
}

/**
 * JSON has no bigint; amounts are printed as their decimal digits. A fact that has the name of one of the line's own fields is
 * printed under another: of two fields with one name a reader sees only the last.
 */
function printable(facts: LogFacts, taken: ReadonlySet<string>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts)) plain[taken.has(name) ? `about_${name}` : name] = typeof value === 'bigint' ? value.toString() : value;
  return plain;
}
