/** What one is told about a MySQL server, checked before anything is dialled. */
import { StoreMisconfigured } from '../errors';

export interface MysqlStoreOptions {
  /** `mysql://user:password@host:port/database`; user and password percent-encoded; port 3306 if none is given. */
  readonly url: string;
  /** Where the URL names none. One database per RM. */
  readonly database?: string;
  /** False: one that does not exist is lost, or a wrong name, and is not made before `migrate()` is called. Default true. */
  readonly createsDatabase?: boolean;
  /** For loads and checkpoints. Default 4. */
  readonly connections?: number;
  /** At most, for snapshots, audits and backups, installs and the removal of old generations: a backup reads all buckets at one moment. Default 32. */
  readonly bulkConnections?: number;
  /** A statement that takes longer counts as unanswered. Default 10,000. */
  readonly statementTimeoutMs?: number;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** TLS to the server, verified against this CA (PEM). */
  readonly tls?: { readonly ca: string };
}

export interface MysqlSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly connections: number;
  readonly bulkConnections: number;
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly tls: { readonly ca: string } | null;
  /** host:port/database. */
  readonly description: string;
}

const FORM = 'mysql://user:password@host:3306/database';
const DATABASE_NAME = /^[A-Za-z0-9_]{1,64}$/;
const MIN_STATEMENT_TIMEOUT_MS = 100;

/** The servers' own. information_schema cannot be written; tables among the others would be lost with an upgrade. */
const SYSTEM_DATABASES: ReadonlySet<string> = new Set(['mysql', 'information_schema', 'performance_schema', 'sys']);
/** A name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/;

/** @throws StoreMisconfigured */
export function mysqlSettings(options: MysqlStoreOptions): MysqlSettings {
  const url = parse(options.url);
  const database = databaseOf(url, options.database);
  const port = url.port === '' ? 3306 : Number(url.port);
  const settings: MysqlSettings = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    user: decoded(url.username, 'user'),
    password: decoded(url.password, 'password'),
    database,
    connections: options.connections ?? 4,
    bulkConnections: options.bulkConnections ?? 32,
    statementTimeoutMs: options.statementTimeoutMs ?? 10_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    tls: options.tls ?? null,
    description: `${url.hostname}:${port}/${database}`,
  };
  if (!(settings.connections >= 1 && settings.bulkConnections >= 1)) throw new StoreMisconfigured('url', 'connections and bulkConnections are at least 1');
  if (!(settings.statementTimeoutMs >= MIN_STATEMENT_TIMEOUT_MS))
    throw new StoreMisconfigured('url', `statementTimeoutMs is at least ${MIN_STATEMENT_TIMEOUT_MS}`);
  return settings;
}

function parse(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    // The text may hold a password: it is not repeated.
    throw new StoreMisconfigured('url', `the SQL URL is not a URL; its form is ${FORM}, user and password percent-encoded`, { cause });
  }
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:') {
    throw new StoreMisconfigured(
      'url',
      `the SQL URL begins with ${url.protocol}//; expected mysql:// (also for MariaDB) as in ${FORM}, or embedded:/path/to/file.db`,
    );
  }
  if (url.hostname === '') throw new StoreMisconfigured('url', `the SQL URL names no host; its form is ${FORM}`);
  if (!HOST.test(url.hostname)) throw new StoreMisconfigured('url', `the SQL URL's host "${url.hostname}" is no host name or address; its form is ${FORM}`);
  if (url.port === '0') throw new StoreMisconfigured('url', `the SQL URL's port is 0; its form is ${FORM}`);
  if (url.username === '') throw new StoreMisconfigured('credentials', `the SQL URL names no user; its form is ${FORM}`);
  if (url.search !== '')
    throw new StoreMisconfigured('url', `the SQL URL has parameters (${url.search}), and none is known; TLS is set by an option of its own`);
  if (url.hash !== '') throw new StoreMisconfigured('url', `the SQL URL has a "#" part: in a user or password write # as %23, as in ${FORM}`);
  return url;
}

/** One place says it: with two that differ, one of them would be ignored. */
function databaseOf(url: URL, named: string | undefined): string {
  const inUrl = decoded(url.pathname.replace(/^\//, ''), 'database');
  if (named !== undefined && inUrl !== '' && inUrl !== named) {
    throw new StoreMisconfigured(
      'database',
      `the SQL URL names database "${inUrl}", but --db (MAS_DB) says "${named}": end the URL behind the port, and name the database by --db`,
    );
  }
  const database = named ?? inUrl;
  if (!DATABASE_NAME.test(database)) {
    const wrong = database === '' ? 'no database is named' : `database name "${database}" is not 1 to 64 letters, digits or underscores`;
    throw new StoreMisconfigured('database', named === undefined ? `${wrong}: end the URL with it, ${FORM}` : `${wrong}: correct --db (MAS_DB)`);
  }
  if (SYSTEM_DATABASES.has(database.toLowerCase()))
    throw new StoreMisconfigured(
      'database',
      `"${database}" is a database of the SQL server itself: name another one by --db (MAS_DB); it is created if it does not exist`,
    );
  return database;
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    // A password is not repeated.
    throw new StoreMisconfigured('url', `the SQL URL's ${part} has a stray %: write % as %25, as in ${FORM}, user and password percent-encoded`, { cause });
  }
}
