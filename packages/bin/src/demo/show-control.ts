/** How `mas demo run …` reaches a running `npm start`: a control socket in its state folder. */
import type { Server } from 'node:net';
import { join } from 'node:path';
import type { Show } from '@mas/console';
import { z } from 'zod';
import { askControlSocket, serveControlSocket } from '../platform/control-socket';
import { UsageError } from '../usage-error';

const command = z.union([
  z.strictObject({ verb: z.enum(['kill', 'start']), name: z.string().min(1) }),
  z.strictObject({ verb: z.enum(['status', 'console']) }),
]);
export type ShowCommand = z.infer<typeof command>;

const socketOf = (folder: string): string => join(folder, 'show.sock');

/** @param consoleAddress a new one that signs in, once */
export function serveShow(folder: string, show: Show, consoleAddress: () => string): Promise<Server> {
  const taken = `another "npm start" listens on ${socketOf(folder)}: stop it, or give this one another --folder (MAS_STATE)`;
  return serveControlSocket(socketOf(folder), taken, async (request) => {
    const parsed = command.safeParse(request);
    return parsed.success ? done(parsed.data, show, consoleAddress) : ['error: unknown command'];
  });
}

/** @throws UsageError */
export async function steerShow(folder: string, verb: string, name: string | undefined): Promise<string> {
  const parsed = command.safeParse(name === undefined ? { verb } : { verb, name });
  if (!parsed.success) throw new UsageError('expected "kill NAME", "start NAME", "status" or "console", as in "mas demo run kill rm-2"');
  const answer = await askControlSocket(socketOf(folder), parsed.data, `no "npm start" is running here (${socketOf(folder)})`).catch((error: unknown) => {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  });
  if (answer.startsWith('error: ')) throw new UsageError(answer.slice('error: '.length));
  return answer;
}

function done(asked: ShowCommand, show: Show, consoleAddress: () => string): readonly string[] {
  switch (asked.verb) {
    case 'console':
      return [consoleAddress()];
    case 'status':
      return show.view().processes.map(({ name, isRunning, pid }) => `${name}  ${isRunning ? `running (process ${pid ?? '?'})` : 'stopped'}`);
    case 'kill':
      return [show.kill(asked.name) ? `${asked.name}: killed` : `error: ${asked.name} does not run, or is not for killing: that are the Resource Managers`];
    case 'start':
      return [show.start(asked.name) ? `${asked.name}: started` : `error: ${asked.name} runs already, or there is none of that name`];
  }
}
