/** What errors of mysql2 and of the servers mean. Told apart by code and number, never by text, save two that have none. */
import type { Failure } from '../errors';
import { STATEMENT_TIMED_OUT } from './limited-query';

interface DriverError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly fatal?: unknown;
  readonly message?: unknown;
}

/** Code that TimedConnection gives to errors of a connection it has closed. */
export const CLOSED_CONNECTION = 'MAS_CONNECTION_CLOSED';

/** Code of the error after which bulk rows travel in INSERTs: the SQL transaction is run again with these. */
export const LOCAL_LOAD_REFUSED = 'MAS_LOCAL_LOAD_REFUSED';

/** Deadlock; lock wait time-out; MariaDB: record changed since the read view. The server has rolled back, or we do. */
const CONFLICTS = new Set([1213, 1205, 1020]);
const LOST_NUMBERS = new Set([
  1053, // the server shuts down
  1317, // the query was killed
  1927, // MariaDB: the connection was killed
  2006,
  2013,
  4031, // MySQL: idle for too long
]);
const LOST_CODES = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  CLOSED_CONNECTION,
]);
const UNAVAILABLE_NUMBERS = new Set([
  1021, // disk full
  1037, // out of memory
  1040, // too many connections
  1041,
  1044, // rights were withdrawn
  1045,
  1049, // the database is gone
  1114, // table full
  1180, // error during COMMIT
  1184,
  1203, // too many connections of this user
  1206, // lock table full
  1226, // a resource limit of this user
  1290, // read-only
  1792,
  1836,
  1969, // MariaDB: statement time-out
  3024, // MySQL: statement time-out
]);
const UNAVAILABLE_CODES = new Set([
  ...['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT', 'EMFILE'],
  ...[STATEMENT_TIMED_OUT, 'POOL_CLOSED', 'HANDSHAKE_SSL_ERROR', 'HANDSHAKE_NO_SSL_SUPPORT'],
]);
const UNAVAILABLE_TEXTS = new Set(['Pool is closed.', 'Queue limit reached.']);

export function classifyMysqlError(error: unknown): Failure {
  const { code, errno, fatal, message } = describe(error);
  if (code === LOCAL_LOAD_REFUSED) return 'conflict';
  if (typeof errno === 'number' && CONFLICTS.has(errno)) return 'conflict';
  if (typeof errno === 'number' && LOST_NUMBERS.has(errno)) return 'connection-lost';
  if (typeof errno === 'number' && UNAVAILABLE_NUMBERS.has(errno)) return 'unavailable';
  if (typeof code === 'string' && LOST_CODES.has(code)) return 'connection-lost';
  if (typeof code === 'string' && UNAVAILABLE_CODES.has(code)) return 'unavailable';
  if (typeof message === 'string' && UNAVAILABLE_TEXTS.has(message)) return 'unavailable';
  return fatal === true ? 'connection-lost' : 'other';
}

/** After these the connection may still be in the middle of something: it must not be used again. */
export function endsConnection(error: unknown): boolean {
  const { code, fatal } = describe(error);
  return fatal === true || code === STATEMENT_TIMED_OUT || classifyMysqlError(error) === 'connection-lost';
}

export function errorNumber(error: unknown): number | null {
  const { errno } = describe(error);
  return typeof errno === 'number' ? errno : null;
}

export function errorCode(error: unknown): string | null {
  const { code } = describe(error);
  return typeof code === 'string' ? code : null;
}

function describe(error: unknown): DriverError {
  return typeof error === 'object' && error !== null ? error : {};
}
