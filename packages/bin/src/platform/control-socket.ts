/**
 * How another command of the same user reaches a running one: a Unix socket, one JSON request per connection, lines of text back.
 * Only the user who started it can connect (mode 0600).
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { UsageError } from '../usage-error';

const MAX_REQUEST_BYTES = 4096;
const CLOSE_TIMEOUT_MS = 500;

/** @param answer of what was read, which is JSON and nothing more is known of it. @throws UsageError with `taken` when another one listens there. */
export async function serveControlSocket(path: string, taken: string, answer: (request: unknown) => Promise<readonly string[]>): Promise<Server> {
  if (await reachable(path)) throw new UsageError(taken);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_REQUEST_BYTES) socket.destroy();
    });
    socket.on('end', () => {
      answered(text, answer).then(
        (lines) => socket.end(`${lines.join('\n')}\n`),
        (error: unknown) => socket.end(`error: ${String(error)}\n`),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

/** Lets answers under way arrive: a request may end the very process that it asks. */
export function closeControl(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
  });
}

/** @throws Error with `absent` when nothing listens. */
export function askControlSocket(path: string, request: object, absent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.end(JSON.stringify(request)));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('end', () => resolve(text.trimEnd()));
    socket.on('error', () => reject(new Error(absent)));
  });
}

async function answered(text: string, answer: (request: unknown) => Promise<readonly string[]>): Promise<readonly string[]> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return ['error: the command is not JSON'];
  }
  return answer(request);
}

function reachable(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
