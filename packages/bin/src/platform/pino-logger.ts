/**
 * The Logger port on pino: JSON lines when not on a terminal, readable ones on it; one entry is one line, whoever wrote its text;
 * credentials never leave the process. Where lines cannot be written (a closed terminal or pipe, a full disk), they are lost and
 * the process goes on.
 */
import { pino, type DestinationStream } from 'pino';
import pretty from 'pino-pretty';
import type { LogFacts, Logger } from '@mas/values';

/** Of lines that the destination does not take: what comes later is dropped. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;
/** What pino writes by itself. */
const OWN_FIELDS = ['level', 'time', 'msg'];
const SECRET_FIELDS = ['authorization', '*.authorization', 'metadata.authorization', 'token', '*.token', 'password', '*.password'];

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ProcessLogger extends Logger {
  level(): string;
  setLevel(level: LogLevel): void;
  /** Lines about a transaction that is traced show the trace's id. */
  showTraces(traceIdOf: (txn: string) => string | null): void;
  /** Writes what is buffered; before the process exits. */
  flush(): void;
}

export function createLogger(options: {
  readonly level: string;
  readonly base: LogFacts;
  readonly format?: 'auto' | 'json' | 'pretty';
  readonly destination?: DestinationStream;
}): ProcessLogger {
  const { destination, format = 'auto' } = options;
  const readable = format === 'pretty' || (format === 'auto' && destination === undefined && process.stdout.isTTY);
  const target = destination ?? standardOutput();
  const stream = readable ? readableLines(target, destination === undefined && (process.env['NO_COLOR'] ?? '') === '') : target;
  const logger = pino(
    {
      level: options.level,
      base: options.base,
      redact: { paths: SECRET_FIELDS, censor: '[redacted]' },
      serializers: { err: serializedError },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    stream,
  );
  let traceIdOf: ((txn: string) => string | null) | null = null;
  const traced = (facts: LogFacts): LogFacts => {
    const { txn } = facts;
    const traceId = traceIdOf === null || typeof txn !== 'string' ? null : traceIdOf(txn);
    return traceId === null ? facts : { ...facts, trace_id: traceId };
  };
  const taken = new Set([...OWN_FIELDS, ...Object.keys(options.base)]);
  return {
    debug: (facts, message) => logger.debug(printable(traced(facts), taken), visible(message)),
    info: (facts, message) => logger.info(printable(traced(facts), taken), visible(message)),
    warn: (facts, message) => logger.warn(printable(traced(facts), taken), visible(message)),
    error: (facts, message) => logger.error(printable(traced(facts), taken), visible(message)),
    level: () => logger.level,
    showTraces: (of) => void (traceIdOf = of),
    setLevel: (level) => void (logger.level = level),
    flush: () => logger.flush(),
  };
}

function standardOutput(): DestinationStream {
  const destination = pino.destination({ dest: 1, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  destination.on('error', () => undefined);
  return destination;
}

function readableLines(destination: DestinationStream, colorize: boolean): DestinationStream {
  return pretty({ colorize, translateTime: "UTC:yyyy-mm-dd'T'HH:MM:ss.l'Z'", ignore: 'pid,hostname', destination });
}

/**
 * JSON has no bigint; amounts are printed as their decimal digits. A fact that has the name of one of the line's own fields is
 * printed under another: of two fields with one name a reader sees only the last.
 */
function printable(facts: LogFacts, taken: ReadonlySet<string>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts))
    plain[taken.has(name) ? `about_${name}` : name] = typeof value === 'bigint' ? value.toString() : typeof value === 'string' ? visible(value) : value;
  return plain;
}

/** What strangers sent may be in an error's text. Its stack has lines, each shown indented, and nothing else that moves a cursor. */
function serializedError(error: Error): object {
  const plain = pino.stdSerializers.err(error);
  return { ...plain, message: visible(plain.message), stack: plain.stack.split('\n').map(visible).join('\n') };
}

/** One line, whoever wrote it: line ends, escapes and other control characters as their code. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
