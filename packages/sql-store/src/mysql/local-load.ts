/**
 * LOAD DATA LOCAL: the server asks for a file, we send rows from memory instead. Whatever name it asks for, and it may be
 * another machine than we think, it gets these rows and never a file of ours.
 *
 * LOCAL makes warnings of errors, skips and shortens, as the server cannot stop the sender. So what comes back must say
 * that every row was taken as it was given.
 */
import { Readable } from 'node:stream';
import type { Connection } from 'mysql2';
import { InvariantViolation } from '@mas/values';
import type { LocalRows } from '../rows/load-lines';
import { queryWithin } from './limited-query';
import { errorNumber, LOCAL_LOAD_REFUSED } from './mysql-errors';

/** 1148: MySQL before 8 and MariaDB before 10.5; 3948 and 4166 since. */
const REFUSALS = new Set([1148, 3948, 4166]);
const WARNINGS_TOLD = 3;
/** A packet each: far below the smallest max_allowed_packet that we accept (prepare-server.ts), however long a statement or a row is. */
const PACKET_BYTES = 128 * 1024;

type Callback = (error: unknown, result?: unknown) => void;

/** Whether rows may travel as a file; shared by the connections of one database. */
export class LocalLoading {
  constructor(
    private allowed: boolean,
    private readonly onRefused: () => void,
  ) {}

  get isAllowed(): boolean {
    return this.allowed;
  }

  /** The server's setting has changed since it was looked at. */
  refused(): void {
    if (!this.allowed) return;
    this.allowed = false;
    this.onRefused();
  }
}

export function loadWithin(
  connection: Pick<Connection, 'query' | 'destroy'>,
  timeoutMs: number,
  sql: string,
  rows: LocalRows,
  loading: LocalLoading,
  callback: Callback,
): void {
  const file = (): Readable => Readable.from(packetsOf(rows.bytes));
  queryWithin(connection, timeoutMs, { sql, infileStreamFactory: file }, (error, result) => {
    if (error !== null && REFUSALS.has(errorNumber(error) ?? 0)) {
      loading.refused();
      callback(Object.assign(new Error('the server no longer takes rows as a file', { cause: error }), { code: LOCAL_LOAD_REFUSED }));
    } else if (error !== null) callback(error);
    else if (tookAll(result, rows.rowCount)) callback(null, result);
    else explain(connection, timeoutMs, result, rows.rowCount, callback);
  });
}

/** Where a row is cut does not matter. */
function* packetsOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += PACKET_BYTES) yield bytes.subarray(from, from + PACKET_BYTES);
}

interface LoadResult {
  readonly warningStatus: number;
  readonly info: string;
}

/** `info` is "Records: 5  Deleted: 2  Skipped: 0  Warnings: 0" in the server's language; Deleted are rows that were replaced. */
function tookAll(result: unknown, rowCount: number): boolean {
  const { warningStatus, info } = result as LoadResult;
  const [records, , skipped, warnings] = (info.match(/\d+/g) ?? []).map(Number);
  return warningStatus === 0 && records === rowCount && skipped === 0 && warnings === 0;
}

function explain(connection: Pick<Connection, 'query' | 'destroy'>, timeoutMs: number, result: unknown, rowCount: number, callback: Callback): void {
  queryWithin(connection, timeoutMs, { sql: `show warnings limit ${WARNINGS_TOLD}` }, (error, warnings) => {
    const facts = { rows: rowCount, answer: (result as LoadResult).info, warnings: error === null ? JSON.stringify(warnings) : 'not known' };
    callback(new InvariantViolation('a bulk load takes every row as it is given', facts));
  });
}
