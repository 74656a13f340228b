/** A private MariaDB server, user root without a password, reachable from this machine only. */
import { requirePrograms } from './binaries';
import { startSqlServer, type SqlServerOptions } from './sql-server';
import type { TestServer } from './test-server';

/** @throws MissingServer naming the packages to install when mariadbd is not here and cannot be installed. */
export async function startMariaDb(options: SqlServerOptions = {}): Promise<TestServer> {
  const [installDb = '', program = ''] = requirePrograms(['mariadb-install-db', 'mariadbd'], ['mariadb-server-core']);
  // Its bootstrap server makes files of fixed names in its temporary folder, so that two at once in the same one clash.
  const installer = { program: installDb, args: (folder: string) => [`--tmpdir=${folder}`, '--auth-root-authentication-method=normal', '--skip-test-db'] };
  return startSqlServer({ name: 'mas-mariadb', program, installer, ownArgs: ['--skip-name-resolve'], redoLogOption: 'innodb-log-file-size' }, options);
}
