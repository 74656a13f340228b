/**
 * How `mas up run …` reaches a running `mas up`: a Unix socket in the working directory's state folder, one JSON
 * command per connection, lines of text back. Only the user who started it can connect (mode 0600).
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../usage-error';
import type { Runner, RunnerCommand } from './runner';

const command = z.union([
  z.object({ verb: z.enum(['stop', 'start', 'restart']), name: z.string().min(1) }),
  z.object({ verb: z.enum(['status', 'stop-all', 'restart-all']) }),
]);
const MAX_COMMAND_BYTES = 4096;
const CLOSE_TIMEOUT_MS = 500;

/** @throws UsageError when another one listens there. */
export async function serveControl(path: string, runner: Runner): Promise<Server> {
  if (await reachable(path)) throw new UsageError(`another "mas up" is running here (${path}): stop it, or give this one another --socket (MAS_UP_SOCKET)`);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_COMMAND_BYTES) socket.destroy();
    });
    socket.on('end', () => {
      answer(runner, text).then(
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

/** Lets answers under way arrive: `mas up run stop-all` ends the very process that it asks. */
export function closeControl(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
  });
}

/** @throws Error with a sentence when nothing listens. */
export function sendControl(path: string, request: RunnerCommand): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.end(JSON.stringify(request)));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('end', () => resolve(text.trimEnd()));
    socket.on('error', () => reject(new Error(`no "mas up" is running here (${path}); start one with "mas up -f Procfile1 -f Procfile2"`)));
  });
}

async function answer(runner: Runner, text: string): Promise<readonly string[]> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return ['error: the command is not JSON'];
  }
  const parsed = command.safeParse(raw);
  return parsed.success ? runner.run(parsed.data) : ['error: unknown command'];
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
