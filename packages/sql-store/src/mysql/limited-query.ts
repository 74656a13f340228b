/**
 * One statement with a time limit. mysql2 has such an option, but leaves its timer running when the connection is lost, and
 * then calls back a second time; here the callback comes exactly once.
 */
import type { Connection, QueryError, QueryOptions } from 'mysql2';

export const STATEMENT_TIMED_OUT = 'MAS_STATEMENT_TIMED_OUT';

/** After a time-out the connection is still in the middle of the statement: it is closed, and the callback told. */
export function queryWithin(
  connection: Pick<Connection, 'query' | 'destroy'>,
  timeoutMs: number,
  query: QueryOptions,
  callback: (error: unknown, result?: unknown) => void,
): void {
  let done = false;
  const finish = (error: unknown, result?: unknown): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    callback(error, result);
  };
  const timer = setTimeout(() => {
    connection.destroy();
    finish(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: STATEMENT_TIMED_OUT }));
  }, timeoutMs);
  connection.query({ values: [], ...query }, (error: QueryError | null, result: unknown) => finish(error, result));
}
