/** How `mas up run …` reaches a running `mas up`: a control socket in the working directory's state folder. */
import type { Server } from 'node:net';
import { z } from 'zod';
import { askControlSocket, serveControlSocket } from '../platform/control-socket';
import type { Runner, RunnerCommand } from './runner';

const command = z.union([
  z.object({ verb: z.enum(['stop', 'start', 'restart']), name: z.string().min(1) }),
  z.object({ verb: z.enum(['status', 'stop-all', 'restart-all']) }),
]);

/** @throws UsageError when another one listens there. */
export function serveControl(path: string, runner: Runner): Promise<Server> {
  const taken = `another "mas up" is running here (${path}): stop it, or give this one another --socket (MAS_UP_SOCKET)`;
  return serveControlSocket(path, taken, async (request) => {
    const parsed = command.safeParse(request);
    return parsed.success ? runner.run(parsed.data) : ['error: unknown command'];
  });
}

/** @throws Error with a sentence when nothing listens. */
export function sendControl(path: string, request: RunnerCommand): Promise<string> {
  return askControlSocket(path, request, `no "mas up" is running here (${path}); start one with "mas up -f Procfile1 -f Procfile2"`);
}
