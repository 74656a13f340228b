/**
 * A private server of real MySQL (8 or 9), where there is one: Debian has none, and its `mysqld` is MariaDB's. The
 * environment variable MAS_MYSQLD names the program if it is not `mysqld` in PATH.
 */
import { execFileSync } from 'node:child_process';
import { findProgram, MissingServer } from './binaries';
import { startSqlServer, type SqlServerOptions } from './sql-server';
import type { TestServer } from './test-server';

/** Off by default in MySQL, on in MariaDB. */
const LOCAL_INFILE = '--local-infile=1';

/** The program of a real MySQL server, or null. */
export function findMySql(): string | null {
  const program = process.env['MAS_MYSQLD'] ?? findProgram('mysqld');
  if (program === null || program === '') return null;
  const version = execFileSync(program, ['--no-defaults', '--version'], { encoding: 'utf8' });
  return /mariadb/i.test(version) ? null : program;
}

/** @throws MissingServer when there is no real MySQL here; ask findMySql() first where it is optional. */
export async function startMySql(options: SqlServerOptions = {}): Promise<TestServer> {
  const program = findMySql();
  if (program === null) throw new MissingServer(['mysqld (of MySQL, not MariaDB)'], 'Install MySQL 8 or 9, or set MAS_MYSQLD to its mysqld.');
  const installer = { program, args: () => ['--initialize-insecure'] };
  return startSqlServer({ name: 'mas-mysql', program, installer, ownArgs: ['--mysqlx=OFF', '--secure-file-priv=', LOCAL_INFILE], redoLogOption: 'innodb-redo-log-capacity' }, options);
}
