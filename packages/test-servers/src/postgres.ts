/**
 * A private PostgreSQL server, superuser postgres without a password, reachable from this machine only. For yardsticks: it is not to be
 * killed, for its children outlive it a while and keep a new one from starting.
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requirePrograms, type Program } from './binaries';
import { firstAnswer } from './first-answer';
import { tempFolder } from './temp-folder';
import { startServer, type TestServer } from './test-server';
import { giveTo, serverUser } from './unprivileged';

export interface PostgresOptions {
  /** Whether a commit is fsynced, as in production; default `durable`. */
  readonly durability?: 'fast' | 'durable';
  readonly maxConnections?: number;
}

/** Debian keeps the programs of each version apart. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';
const INSTALL_TIMEOUT_MS = 300_000;
/** Protocol 3.0, and the user's name. A server that still recovers answers with an error (E), one that is ready with R. */
const STARTUP = Buffer.from('\0\0\0\x17\0\x03\0\0user\0postgres\0\0', 'latin1');
const READY = 'R';

/** @throws MissingServer naming the package to install when initdb or postgres is not here and cannot be installed. */
export async function startPostgres({ durability = 'durable', maxConnections = 100 }: PostgresOptions = {}): Promise<TestServer> {
  const [initdb = '', program = ''] = requirePrograms(['initdb', 'postgres'].map(programOf));
  const user = serverUser(['postgres']);
  const folder = await tempFolder('mas-postgres');
  giveTo(user, folder.path);
  const data = join(folder.path, 'data');
  await promisify(execFile)(initdb, ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'], {
    cwd: folder.path,
    timeout: INSTALL_TIMEOUT_MS,
    ...(user ?? {}),
  });
  return startServer({
    program,
    user,
    folder: folder.path,
    socket: folder.path,
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    args: (port) => [
      ...['-D', data, '-p', String(port), '-k', folder.path, '-h', '127.0.0.1'],
      ...[
        `max_connections=${maxConnections}`,
        'shared_buffers=1GB',
        'max_wal_size=4GB',
        `synchronous_commit=${durability === 'durable' ? 'on' : 'off'}`,
      ].flatMap((setting) => ['-c', setting]),
    ],
    answers: letsIn,
  });
}

function programOf(name: string): Program {
  return { name, probe: { args: ['--version'], says: /PostgreSQL/ }, debianPackage: 'postgresql', folders: debianFolders };
}

function debianFolders(): readonly string[] {
  try {
    return readdirSync(DEBIAN_FOLDER)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN_FOLDER, version, 'bin'));
  } catch {
    return [];
  }
}

function letsIn(port: number): Promise<boolean> {
  return firstAnswer(port, STARTUP, (reply) => reply.toString('latin1', 0, 1) === READY);
}
