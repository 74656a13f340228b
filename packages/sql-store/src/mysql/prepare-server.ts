/** Looks at the server once before it is used: does it answer, may we in, is our database there, can it keep our promises. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2';
import { StoreUnavailable } from '@mas/resource-manager';
import type { Logger } from '@mas/values';
import { StoreMisconfigured } from '../errors';
import { queryWithin } from './limited-query';
import { classifyMysqlError, errorCode, errorNumber } from './mysql-errors';
import type { MysqlSettings } from './mysql-settings';
import { connectionOptions } from './timed-pool';

const ACCESS_DENIED = 1045;
const DATABASE_DENIED = 1044;
const UNKNOWN_DATABASE = 1049;
/** Twice the largest statement that we make. */
const MIN_PACKET_BYTES = 4 * 1024 * 1024;

export interface ServerFacts {
  /** It takes rows as a file (LOAD DATA LOCAL). */
  readonly localInfile: boolean;
}

/** Creates the database if it does not exist. @throws StoreMisconfigured, StoreUnavailable */
export async function prepareServer(settings: MysqlSettings, logger: Logger): Promise<ServerFacts> {
  const connection = createConnection(connectionOptions(settings));
  // The error comes to the callback as well; without a listener it would end the process.
  connection.on('error', () => undefined);
  const run = (sql: string): Promise<readonly RowDataPacket[]> => query(connection, sql, settings.statementTimeoutMs);
  try {
    const existing = await run(`select schema_name from information_schema.schemata where schema_name='${settings.database}'`);
    if (existing.length === 0) await run(`create database if not exists \`${settings.database}\``);
    await run(`use \`${settings.database}\``);
    const [limits] = await run('select @@max_allowed_packet as packet, @@innodb_flush_log_at_trx_commit as flushed, @@local_infile as from_files, version() as version');
    if (Number(limits?.['packet']) < MIN_PACKET_BYTES) {
      throw new StoreMisconfigured('database', `${settings.description}: max_allowed_packet is ${String(limits?.['packet'])}; set it to at least ${MIN_PACKET_BYTES}`);
    }
    if (Number(limits?.['flushed']) !== 1) {
      const advice = 'set innodb_flush_log_at_trx_commit=1: else a power cut may lose checkpoints behind which the log was already truncated';
      logger.warn({ database: settings.description }, advice);
    }
    const localInfile = Number(limits?.['from_files']) === 1;
    const bulk = localInfile ? 'LOAD DATA LOCAL' : 'INSERT: set local_infile=1 on the server, and checkpoints cost it half';
    logger.info({ database: settings.description, version: String(limits?.['version']), bulk }, 'SQL database is ready');
    return { localInfile };
  } catch (error) {
    throw explain(error, settings);
  } finally {
    connection.destroy();
  }
}

function query(connection: Connection, sql: string, timeoutMs: number): Promise<readonly RowDataPacket[]> {
  return new Promise((resolve, reject) => {
    queryWithin(connection, timeoutMs, { sql }, (error, rows) => (error === null ? resolve(rows as RowDataPacket[]) : reject(error)));
  });
}

function explain(error: unknown, settings: MysqlSettings): unknown {
  const cause = { cause: error };
  const where = `${settings.host}:${settings.port}`;
  const user = `user "${settings.user}"`;
  switch (errorNumber(error)) {
    case ACCESS_DENIED:
      return new StoreMisconfigured('credentials', `the SQL server at ${where} refuses ${user} with this password: correct the URL, or create the user there`, cause);
    case DATABASE_DENIED:
    case UNKNOWN_DATABASE: {
      const grant = `create database ${settings.database}; grant all on ${settings.database}.* to the user`;
      return new StoreMisconfigured('database', `${user} may not use database "${settings.database}" at ${where}: as an administrator run: ${grant}`, cause);
    }
    default:
      break;
  }
  const code = errorCode(error);
  if (code === 'ENOTFOUND') return new StoreMisconfigured('url', `the SQL server's host "${settings.host}" is unknown: correct the URL`, cause);
  if (classifyMysqlError(error) === 'other') return error;
  return new StoreUnavailable(`no SQL server answers at ${where} (${code ?? 'no reason given'}): start it, or correct the URL`, false, cause);
}
