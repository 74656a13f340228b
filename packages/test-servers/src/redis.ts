/** A private Redis server with an append-only file, reachable from this machine only. */
import { join } from 'node:path';
import { requirePrograms, type Program } from './binaries';
import { firstAnswer } from './first-answer';
import { tempFolder } from './temp-folder';
import { startServer, type TestServer } from './test-server';
import { giveTo, serverUser } from './unprivileged';

export interface RedisOptions {
  /** When the append-only file is fsynced; `off`: no file at all. Default `everysec`, as in production. */
  readonly appendOnly?: 'always' | 'everysec' | 'off';
  /** Default: a free one. */
  readonly port?: number;
  /** Options for redis-server, after ours and so stronger. */
  readonly extraArgs?: readonly string[];
}

const PROGRAM: Program = { name: 'redis-server', probe: { args: ['--version'], says: /Redis server/ }, debianPackage: 'redis-server' };

/** @throws MissingServer naming the package to install when redis-server is not here or does not run, and cannot be installed. */
export async function startRedis(options: RedisOptions = {}): Promise<TestServer> {
  const [program = ''] = requirePrograms([PROGRAM]);
  const user = serverUser(['redis']);
  const folder = await tempFolder('mas-redis');
  giveTo(user, folder.path);
  const socket = join(folder.path, 'redis.sock');
  const appendOnly = options.appendOnly ?? 'everysec';
  return startServer({
    program,
    user,
    folder: folder.path,
    socket,
    port: options.port,
    url: (port) => `redis://127.0.0.1:${port}`,
    args: (port) => [
      ...['--dir', folder.path, '--port', String(port), '--bind', '127.0.0.1', '--unixsocket', socket, '--daemonize', 'no', '--save', ''],
      ...(appendOnly === 'off' ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', appendOnly]),
      ...(options.extraArgs ?? []),
    ],
    answers: answersPing,
  });
}

/** While it loads its file Redis accepts connections and answers -LOADING. */
function answersPing(port: number): Promise<boolean> {
  return firstAnswer(port, 'PING\r\n', (reply) => reply.toString().startsWith('+PONG'));
}
