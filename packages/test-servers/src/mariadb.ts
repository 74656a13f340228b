/** A private MariaDB server, user root without a password, reachable from this machine only. */
import { requirePrograms, type Program } from './binaries';
import { startSqlServer, type SqlServerOptions } from './sql-server';
import type { TestServer } from './test-server';

/** mariadb-install-db is a shell script: what it calls is asked for beside it, for Debian has that in another package. */
export const MARIADB_PROGRAMS: readonly Program[] = [
  { name: 'mariadb-install-db', probe: { args: ['--help'], says: /Usage/ }, debianPackage: 'mariadb-server-core' },
  { name: 'mariadbd', probe: { args: ['--no-defaults', '--version'], says: /MariaDB/ }, debianPackage: 'mariadb-server-core' },
  { name: 'resolveip', probe: { args: ['--version'], says: /Ver/ }, debianPackage: 'mariadb-server-core' },
  { name: 'my_print_defaults', probe: { args: ['--version'], says: /Ver/ }, debianPackage: 'mariadb-client-core' },
];

/** @throws MissingServer naming the packages to install when one of its programs is not here and cannot be installed. */
export async function startMariaDb(options: SqlServerOptions = {}): Promise<TestServer> {
  const [installDb = '', program = ''] = requirePrograms(MARIADB_PROGRAMS);
  // Its bootstrap server makes files of fixed names in its temporary folder, so that two at once in the same one clash.
  const installer = { program: installDb, args: () => ['--auth-root-authentication-method=normal', '--skip-test-db'] };
  return startSqlServer({ name: 'mas-mariadb', program, installer, ownArgs: ['--skip-name-resolve'], redoLogOption: 'innodb-log-file-size' }, options);
}
