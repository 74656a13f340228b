/**
 * A private server of real MySQL (8 or 9), where there is one: Debian has none, and its `mysqld` is MariaDB's. The
 * environment variable MAS_MYSQLD names the program if it is not `mysqld` in PATH.
 */
import { execFile, execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, MissingServer } from './binaries';
import { tempFolder } from './temp-folder';
import { startServer, type TestServer } from './test-server';
import { giveTo, serverUser } from './unprivileged';

export interface MySqlOptions {
  /**
   * `fast` (default): a commit reaches the operating system and so survives a killed server, not a power cut.
   * `durable`: a commit is fsynced, as in production.
   */
  readonly durability?: 'fast' | 'durable';
  /**
   * `small` (default): tests run several servers side by side. `large`, for measurements: neither buffer pool nor redo log
   * decides what comes out.
   */
  readonly memory?: 'small' | 'large';
  /** Default: a free one. */
  readonly port?: number;
  /** Options for the server program, after ours and so stronger. */
  readonly extraArgs?: readonly string[];
}

const INITIALIZE_TIMEOUT_MS = 120_000;
const PROBE_TIMEOUT_MS = 1_000;

/** The program of a real MySQL server, or null. */
export function findMySql(): string | null {
  const program = process.env['MAS_MYSQLD'] ?? findProgram('mysqld');
  if (program === null || program === '') return null;
  const version = execFileSync(program, ['--no-defaults', '--version'], { encoding: 'utf8' });
  return /mariadb/i.test(version) ? null : program;
}

/** @throws MissingServer when there is no real MySQL here; ask findMySql() first where it is optional. */
export async function startMySql(options: MySqlOptions = {}): Promise<TestServer> {
  const program = findMySql();
  if (program === null) throw new MissingServer(['mysqld (of MySQL, not MariaDB)'], 'Install MySQL 8 or 9, or set MAS_MYSQLD to its mysqld.');
  const user = serverUser(['mysql']);
  const folder = await tempFolder('mas-mysql');
  giveTo(user, folder.path);
  const data = join(folder.path, 'data');
  const initialize = ['--no-defaults', '--initialize-insecure', `--datadir=${data}`];
  await promisify(execFile)(program, initialize, { cwd: folder.path, timeout: INITIALIZE_TIMEOUT_MS, ...(user ?? {}) });
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
      '--mysqlx=OFF',
      '--secure-file-priv=',
      // Off by default in MySQL, on in MariaDB.
      '--local-infile=1',
      ...durabilityArgs(options.durability),
      ...memoryArgs(options.memory, 'innodb-redo-log-capacity'),
      ...(options.extraArgs ?? []),
    ],
    answers: answersAsMySql,
  });
}

/** What MariaDB and MySQL share. */
export function privateServerArgs(folder: string, data: string, socket: string, port: number): readonly string[] {
  return [
    '--no-defaults',
    `--datadir=${data}`,
    `--socket=${socket}`,
    `--port=${port}`,
    `--pid-file=${join(folder, 'server.pid')}`,
    '--bind-address=127.0.0.1',
    '--skip-log-bin',
  ];
}

export function durabilityArgs(durability: MySqlOptions['durability'] = 'fast'): readonly string[] {
  return [`--innodb-flush-log-at-trx-commit=${durability === 'fast' ? 2 : 1}`];
}

/** @param redoLogOption the servers have different names for it */
export function memoryArgs(memory: MySqlOptions['memory'] = 'small', redoLogOption: string): readonly string[] {
  return memory === 'small' ? ['--innodb-buffer-pool-size=128M'] : ['--innodb-buffer-pool-size=1G', `--${redoLogOption}=512M`];
}

/** The server speaks first: a handshake packet whose payload begins with protocol version 10 (an error begins with 255). */
export function answersAsMySql(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('data', (packet) => finish(packet[4] === 10));
  });
}
