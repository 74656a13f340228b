/** What a private MariaDB and a private MySQL have in common: a laid-out data folder, its server, and how one knows that it answers. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { firstAnswer } from './first-answer';
import { tempFolder } from './temp-folder';
import { startServer, type TestServer } from './test-server';
import { giveTo, serverUser } from './unprivileged';

export interface SqlServerOptions {
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
  /** An empty folder for its data, made where it is missing, such as a small volume; the caller removes it. Default: in its temporary folder. */
  readonly dataFolder?: string;
}

export interface SqlServerKind {
  /** Of its temporary folder. */
  readonly name: string;
  readonly program: string;
  /** Lays out an empty data folder. */
  readonly installer: { readonly program: string; readonly args: () => readonly string[] };
  readonly ownArgs: readonly string[];
  readonly redoLogOption: string;
}

const INSTALL_TIMEOUT_MS = 300_000;

export async function startSqlServer(kind: SqlServerKind, options: SqlServerOptions): Promise<TestServer> {
  const user = serverUser(['mysql']);
  const folder = await tempFolder(kind.name);
  giveTo(user, folder.path);
  const dataFolder = options.dataFolder ?? join(folder.path, 'data');
  if (options.dataFolder !== undefined) {
    mkdirSync(dataFolder, { recursive: true });
    giveTo(user, dataFolder);
  }
  // Temporary tables are named by process number, which servers in different containers share, as they may share /tmp.
  const layout = ['--no-defaults', `--datadir=${dataFolder}`, `--tmpdir=${folder.path}`];
  await promisify(execFile)(kind.installer.program, [...layout, ...kind.installer.args()], { cwd: folder.path, timeout: INSTALL_TIMEOUT_MS, ...(user ?? {}) });
  const socket = join(folder.path, 'mysql.sock');
  return startServer({
    program: kind.program,
    user,
    folder: folder.path,
    socket,
    port: options.port,
    url: (port) => `mysql://root@127.0.0.1:${port}`,
    args: (port) => [
      ...layout,
      `--socket=${socket}`,
      `--port=${port}`,
      `--pid-file=${join(folder.path, 'server.pid')}`,
      '--bind-address=127.0.0.1',
      '--skip-log-bin',
      ...kind.ownArgs,
      `--innodb-flush-log-at-trx-commit=${options.durability === 'durable' ? 1 : 2}`,
      ...(options.memory === 'large' ? ['--innodb-buffer-pool-size=1G', `--${kind.redoLogOption}=512M`] : ['--innodb-buffer-pool-size=128M']),
      ...(options.extraArgs ?? []),
    ],
    answers: answersAsSqlServer,
  });
}

/** The server speaks first: a handshake packet whose payload begins with protocol version 10 (an error begins with 255). */
export function answersAsSqlServer(port: number): Promise<boolean> {
  return firstAnswer(port, null, (packet) => packet[4] === 10);
}
