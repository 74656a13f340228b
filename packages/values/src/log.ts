/** Structured logging as a port (floor 2 and above; cores never log). `bin` backs it with pino. */
export interface Logger {
  debug(facts: LogFacts, message: string): void;
  info(facts: LogFacts, message: string): void;
  warn(facts: LogFacts, message: string): void;
  error(facts: LogFacts, message: string): void;
}

/** Standard fields: paymentId, txn, bucket, rm, term, index, durationMs, err. */
export type LogFacts = Readonly<Record<string, unknown>>;

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
