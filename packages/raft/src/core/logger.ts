/**
 * Where the core tells its story to a person. Text only, no decision depends on it. Messages are built by a
 * function, so that a host that does not listen pays nothing.
 */
export type RaftLogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface RaftLogger {
  log(level: RaftLogLevel, text: () => string): void;
}

export const silentRaftLogger: RaftLogger = { log: () => undefined };
