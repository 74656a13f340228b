/**
 * mysql2's pool as kysely wants it, with what neither of them does: every statement has a time limit, each connection is
 * set up before its first use, and a connection that failed in the middle of something is closed, never used again.
 *
 * ROLLBACK never fails here: where it cannot be sent, the connection is closed, which makes the server roll back. Else its
 * error would hide the one that led to it.
 */
import { createPool, format, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import type { MysqlPool, MysqlPoolConnection } from 'kysely';
import { LocalRows } from '../rows/load-lines';
import { BODY_COLUMN } from '../schema/schema';
import { queryWithin } from './limited-query';
import { loadWithin, type LocalLoading } from './local-load';
import { CLOSED_CONNECTION, endsConnection } from './mysql-errors';
import type { MysqlSettings } from './mysql-settings';
import { sessionSetup } from './session-settings';

type Callback = (error: unknown, result?: unknown) => void;

export interface PoolLimits {
  readonly connections: number;
  readonly statementTimeoutMs: number;
}

/** Requests that wait for a connection at most; more than this and the database is not keeping up. */
const MAX_WAITING = 1_000;
/** Connections that nothing uses are given back to the server, but for so many. */
const MAX_IDLE = 4;
const IDLE_MS = 60_000;

export class TimedPool implements MysqlPool {
  private readonly pool: Pool;
  private readonly wrapped = new WeakMap<PoolConnection, TimedConnection>();

  constructor(
    settings: MysqlSettings,
    private readonly limits: PoolLimits,
    private readonly loading: LocalLoading,
  ) {
    this.pool = createPool({
      ...connectionOptions(settings),
      database: settings.database,
      // Several statements in one round trip. All text with values in it comes from sql-dialect.ts or from the driver's escaping.
      multipleStatements: true,
      connectionLimit: limits.connections,
      queueLimit: MAX_WAITING,
      maxIdle: Math.min(limits.connections, MAX_IDLE),
      idleTimeout: IDLE_MS,
      typeCast: castColumn,
    });
  }

  getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    this.pool.getConnection((error, raw) => {
      const nothing = undefined as unknown as MysqlPoolConnection;
      if (error !== null) {
        callback(error, nothing);
        return;
      }
      const known = this.wrapped.get(raw);
      if (known !== undefined) {
        callback(null, known);
        return;
      }
      // What comes with an OK is decoded by the server's default character set (UTF-16, say), although the server sends none of it in that.
      Reflect.set(raw, 'serverEncoding', 'utf8');
      const connection = new TimedConnection(raw, this.limits.statementTimeoutMs, this.loading);
      this.wrapped.set(raw, connection);
      connection.query(sessionSetup(this.limits.statementTimeoutMs), [], (setupError) => {
        if (setupError === null) callback(null, connection);
        else {
          connection.destroy();
          callback(setupError, nothing);
        }
      });
    });
  }

  end(callback: (error: unknown) => void): void {
    this.pool.end((error) => callback(error ?? undefined));
  }
}

export class TimedConnection implements MysqlPoolConnection {
  private closed = false;

  constructor(
    private readonly raw: PoolConnection,
    private readonly statementTimeoutMs: number,
    private readonly loading: LocalLoading,
  ) {}

  /** `parameters` are values, or LocalRows alone. */
  query(sql: string, parameters: ReadonlyArray<unknown>): { stream: <T>() => T };
  query(sql: string, parameters: ReadonlyArray<unknown>, callback: Callback): void;
  query(sql: string, parameters: ReadonlyArray<unknown>, callback?: Callback): { stream: <T>() => T } | undefined {
    if (callback === undefined) throw new Error('rows are read page by page here, never as a stream of the driver');
    const rollsBack = sql === 'rollback';
    if (this.closed) {
      if (rollsBack) callback(null, []);
      else callback(Object.assign(new Error('the connection was closed after an error'), { code: CLOSED_CONNECTION }));
      return undefined;
    }
    const done = (error: unknown, result: unknown): void => {
      if (error === null) {
        callback(null, result);
        return;
      }
      if (rollsBack || endsConnection(error)) this.destroy();
      if (rollsBack) callback(null, []);
      else callback(error);
    };
    const [rows] = parameters;
    if (rows instanceof LocalRows) loadWithin(this.raw, this.statementTimeoutMs, sql, rows, this.loading, done);
    else queryWithin(this.raw, this.statementTimeoutMs, { sql, values: [...parameters] }, done);
    return undefined;
  }

  release(): void {
    if (!this.closed) this.raw.release();
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.raw.destroy();
  }
}

export function connectionOptions(settings: MysqlSettings): PoolOptions {
  return {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    password: settings.password,
    connectTimeout: settings.connectTimeoutMs,
    charset: 'utf8mb4',
    // mysql2 else searches each text for placeholders, also where there is no value to put in: a fifth of a checkpoint's cost.
    queryFormat: (sql: string, values: Parameters<typeof format>[1]) => (Array.isArray(values) && values.length === 0 ? sql : format(sql, values)),
    ...(settings.tls === null ? {} : { ssl: { ca: settings.tls.ca, rejectUnauthorized: true } }),
  };
}

interface Column {
  readonly name: string;
  readonly type: string;
  string(encoding?: string): string | null;
  buffer(): Buffer | null;
}

/** BIGINT as bigint, VARBINARY and BLOB (our text) as text; BINARY (txn) and the one BLOB that is no text stay bytes. */
function castColumn(column: Column, next: () => unknown): unknown {
  if (column.type === 'LONGLONG') {
    const text = column.string();
    return text === null ? null : BigInt(text);
  }
  if (column.name === BODY_COLUMN && column.type === 'BLOB') return column.buffer();
  if (column.type === 'VAR_STRING' || column.type === 'BLOB') return column.string('utf8');
  return next();
}
