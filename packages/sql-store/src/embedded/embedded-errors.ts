/** What errors of the embedded database mean, by SQLite's primary result codes. */
import type { Failure } from '../errors';

const UNAVAILABLE = ['SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_NOMEM'];

export function classifyEmbeddedError(error: unknown): Failure {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return 'other';
  return UNAVAILABLE.some((name) => code === name || code.startsWith(`${name}_`)) ? 'unavailable' : 'other';
}
