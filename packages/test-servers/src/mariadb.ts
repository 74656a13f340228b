/** A private MariaDB server, user root without a password, reachable from this machine only. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requirePrograms } from './binaries';
import { answersAsMySql, durabilityArgs, memoryArgs, privateServerArgs, type MySqlOptions } from './mysql';
import { tempFolder } from './temp-folder';
import { startServer, type TestServer } from './test-server';
import { giveTo, serverUser } from './unprivileged';

export type MariaDbOptions = MySqlOptions;

const INSTALL_TIMEOUT_MS = 60_000;

/** @throws MissingServer naming the packages to install when mariadbd is not here and cannot be installed. */
export async function startMariaDb(options: MariaDbOptions = {}): Promise<TestServer> {
  const [installDb = '', program = ''] = requirePrograms(['mariadb-install-db', 'mariadbd'], ['mariadb-server-core']);
  const user = serverUser(['mysql']);
  const folder = await tempFolder('mas-mariadb');
  giveTo(user, folder.path);
  const data = join(folder.path, 'data');
  // Its bootstrap server makes files of fixed names in its temporary folder, so that two at once in the same one clash.
  const layout = ['--no-defaults', `--datadir=${data}`, `--tmpdir=${folder.path}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
  await promisify(execFile)(installDb, layout, { cwd: folder.path, timeout: INSTALL_TIMEOUT_MS, ...(user ?? {}) });
  const socket = join(folder.path, 'mysql.sock');
  return startServer({
    program,
    user,
    folder: folder.path,
    socket,
    port: options.port,
    url: (port) => `mysql://root@127.0.0.1:${port}`,
    args: (port) => [
      ...privateServerArgs(folder.path, data, socket, port),
      '--skip-name-resolve',
      ...durabilityArgs(options.durability),
      ...memoryArgs(options.memory, 'innodb-log-file-size'),
      ...(options.extraArgs ?? []),
    ],
    answers: answersAsMySql,
  });
}
