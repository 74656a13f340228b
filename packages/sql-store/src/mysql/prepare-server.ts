/** Looks at the server once before it is used: does it answer, may we in, is our database there, can it keep our promises. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2';
import { StoreUnavailable } from '@mas/resource-manager';
import type { Logger } from '@mas/values';
import { StoreMisconfigured } from '../errors';
import { queryWithin } from './limited-query';
import { classifyMysqlError, errorCode, errorNumber } from './mysql-errors';
import type { MysqlSettings } from './mysql-settings';
import { sessionSetup } from './session-settings';
import { connectionOptions } from './timed-pool';

const ACCESS_DENIED = 1045;
const DATABASE_DENIED = 1044;
const UNKNOWN_DATABASE = 1049;
const HOST_NOT_ALLOWED = 1130;
const TLS_REQUIRED = 3159;
/** The first statement hears what is wrong with the connection. */
const OF_THE_CONNECTION: ReadonlySet<number | null> = new Set([ACCESS_DENIED, DATABASE_DENIED, UNKNOWN_DATABASE, HOST_NOT_ALLOWED, TLS_REQUIRED]);
/** Of the server, of the user at once, of the user in all. */
const TOO_MANY_CONNECTIONS: ReadonlySet<number | null> = new Set([1040, 1203, 1226]);
/** Twice the largest statement that we make. */
const MIN_PACKET_BYTES = 4 * 1024 * 1024;
/** What a session cannot set for itself. By SHOW, as not every version has every one of them. */
const LOOKED_AT = ['max_allowed_packet', 'innodb_flush_log_at_trx_commit', 'local_infile', 'lower_case_table_names', 'log_bin', 'binlog_format', 'version'];

export interface ServerFacts {
  /** It takes rows as a file (LOAD DATA LOCAL). */
  readonly localInfile: boolean;
  /** The database is there, or was made. */
  readonly exists: boolean;
}

/** @param create makes the database if it does not exist @throws StoreMisconfigured, StoreUnavailable */
export async function prepareServer(settings: MysqlSettings, logger: Logger, create: boolean): Promise<ServerFacts> {
  const connection = createConnection({ ...connectionOptions(settings), multipleStatements: true });
  // The error comes to the callback as well; without a listener it would end the process.
  connection.on('error', () => undefined);
  const run = (sql: string): Promise<readonly RowDataPacket[]> => query(connection, sql, settings.statementTimeoutMs);
  try {
    await setUp(run, settings);
    const variables = await run(`show global variables where variable_name in (${LOOKED_AT.map((name) => `'${name}'`).join(',')})`);
    const facts = new Map(variables.map((row) => [String(row['Variable_name']).toLowerCase(), String(row['Value'])]));
    refuseUnfit(facts, settings);
    const existing = await run(`select schema_name from information_schema.schemata where schema_name='${settings.database}'`);
    const exists = existing.length > 0 || create;
    if (existing.length === 0 && create) await run(`create database if not exists \`${settings.database}\``);
    if (exists) await run(`use \`${settings.database}\``);
    if (facts.get('innodb_flush_log_at_trx_commit') !== '1') {
      const advice = 'set innodb_flush_log_at_trx_commit=1: else a power cut may lose checkpoints behind which the log was already truncated';
      logger.warn({ database: settings.description }, advice);
    }
    const localInfile = facts.get('local_infile') === 'ON';
    const bulk = localInfile ? 'LOAD DATA LOCAL' : 'INSERT: set local_infile=1 on the server, and checkpoints cost it half';
    logger.info(
      { database: settings.description, version: facts.get('version') ?? '', bulk },
      exists ? 'SQL database is ready' : 'the SQL server is ready, and does not have this database',
    );
    return { localInfile, exists };
  } catch (error) {
    throw explain(error, settings);
  } finally {
    connection.destroy();
  }
}

/** The same as each connection of the pool: a server that refuses a setting is found now and not in the middle of work. */
async function setUp(run: (sql: string) => Promise<unknown>, settings: MysqlSettings): Promise<void> {
  try {
    await run(sessionSetup(settings.statementTimeoutMs));
  } catch (cause) {
    if (classifyMysqlError(cause) !== 'other' || errorNumber(cause) === null || OF_THE_CONNECTION.has(errorNumber(cause))) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreMisconfigured(
      'server',
      `${settings.description}: the server refuses a session setting (${reason}); MySQL 8 or 9, or MariaDB 10.11 or newer is needed`,
      { cause },
    );
  }
}

function refuseUnfit(facts: ReadonlyMap<string, string>, { description, database }: MysqlSettings): void {
  const packet = facts.get('max_allowed_packet');
  if (!(Number(packet) >= MIN_PACKET_BYTES))
    throw new StoreMisconfigured('server', `${description}: max_allowed_packet is ${String(packet)}; set it to at least ${MIN_PACKET_BYTES}`);
  // InnoDB would refuse each write: READ COMMITTED cannot be logged as statements.
  if (facts.get('log_bin') === 'ON' && facts.get('binlog_format') === 'STATEMENT') {
    throw new StoreMisconfigured(
      'server',
      `${description}: binlog_format is STATEMENT, with which the server refuses writes at READ COMMITTED; set it to ROW (or MIXED)`,
    );
  }
  // Else Mas1 and mas1 would be two resource managers in one database.
  if (facts.get('lower_case_table_names') !== '0' && database !== database.toLowerCase()) {
    throw new StoreMisconfigured(
      'database',
      `${description}: this server takes upper and lower case for the same (lower_case_table_names is ${String(facts.get('lower_case_table_names'))}); name the database "${database.toLowerCase()}"`,
    );
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
      return new StoreMisconfigured(
        'credentials',
        `the SQL server at ${where} refuses ${user} with this password: correct the URL, or create the user there`,
        cause,
      );
    case DATABASE_DENIED:
    case UNKNOWN_DATABASE: {
      const grant = `create database ${settings.database}; grant all on ${settings.database}.* to the user`;
      return new StoreMisconfigured('database', `${user} may not use database "${settings.database}" at ${where}: as an administrator run: ${grant}`, cause);
    }
    case HOST_NOT_ALLOWED:
      return new StoreMisconfigured(
        'credentials',
        `the SQL server at ${where} allows no user from this machine's address: create ${user} for this host there`,
        cause,
      );
    case TLS_REQUIRED:
      return new StoreMisconfigured(
        'server',
        `the SQL server at ${where} wants TLS of its clients (require_secure_transport): allow ${user} in without`,
        cause,
      );
    default:
      break;
  }
  const number = errorNumber(error);
  if (TOO_MANY_CONNECTIONS.has(number)) {
    const which =
      number === 1040 ? 'has too many connections (max_connections)' : `allows ${user} no further connection (max_user_connections, or a limit of the account)`;
    return new StoreUnavailable(
      `the SQL server at ${where} ${which}: raise the limit, or end other clients; each resource manager needs up to ${settings.connections + 3}, and one more for each of its buckets while a backup is made`,
      false,
      cause,
    );
  }
  const code = errorCode(error);
  if (code === 'ENOTFOUND') return new StoreMisconfigured('url', `the SQL server's host "${settings.host}" is unknown: correct the URL`, cause);
  if (classifyMysqlError(error) === 'other') return error;
  return new StoreUnavailable(`no SQL server answers at ${where} (${code ?? 'no reason given'}): start it, or correct the URL`, false, cause);
}
