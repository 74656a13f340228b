/**
 * A private server of real MySQL (8 or 9). Debian's `mysqld` is MariaDB's: there `mysql-on-debian.sh` puts one beside the
 * system. The environment variable MAS_MYSQLD names the program if it is neither that one nor `mysqld` in PATH.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { findProgram, MissingServer } from './binaries';
import { startSqlServer, type SqlServerOptions } from './sql-server';
import type { TestServer } from './test-server';

/** Off by default in MySQL, on in MariaDB. */
const LOCAL_INFILE = '--local-infile=1';
const ADVICE = 'On Debian: packages/test-servers/mysql-on-debian.sh; elsewhere install MySQL 8 or 9, or set MAS_MYSQLD to its mysqld.';
const VERSION_TIMEOUT_MS = 60_000;

/** Whether there is one to test on: one that MAS_MYSQLD names is, and where that is none its tests fail rather than being skipped. */
export function mySqlIsHere(): boolean {
  return (process.env['MAS_MYSQLD'] ?? '') !== '' || findMySql() !== null;
}

/**
 * The program of a real MySQL server, or null where none is.
 * @throws MissingServer when MAS_MYSQLD names something else: what somebody asked for is not passed over
 */
export function findMySql(): string | null {
  const named = process.env['MAS_MYSQLD'] ?? '';
  if (named === '') {
    const beside = [join('/var/cache/mas-mysql', 'mysqld'), join(homedir(), '.cache/mas-mysql', 'mysqld')];
    return [findProgram('mysqld'), ...beside].find((program) => program !== null && versionOf(program).isMySql) ?? null;
  }
  const { isMySql, said } = versionOf(named);
  if (!isMySql) throw new MissingServer(['mysqld'], `MAS_MYSQLD is ${named}, which is no MySQL server that runs: ${said}. ${ADVICE}`);
  return named;
}

/** @throws MissingServer when there is no real MySQL here; ask mySqlIsHere() first where it is optional. */
export async function startMySql(options: SqlServerOptions = {}): Promise<TestServer> {
  const program = findMySql();
  if (program === null) throw new MissingServer(['mysqld'], `no mysqld of MySQL (MariaDB's does not count) is here. ${ADVICE}`);
  const installer = { program, args: () => ['--initialize-insecure'] };
  return startSqlServer(
    { name: 'mas-mysql', program, installer, ownArgs: ['--mysqlx=OFF', '--secure-file-priv=', LOCAL_INFILE], redoLogOption: 'innodb-redo-log-capacity' },
    options,
  );
}

function versionOf(program: string): { readonly isMySql: boolean; readonly said: string } {
  const { stdout, stderr, error } = spawnSync(program, ['--no-defaults', '--version'], { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS });
  const said = error?.message ?? `${stdout}${stderr}`.trim();
  return { isMySql: /\bmysqld\b/i.test(said) && /\bVer [89]\./.test(said) && !/mariadb/i.test(said), said };
}
