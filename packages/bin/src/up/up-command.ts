/** The command line of `mas up`: run Procfiles, and steer a running one by name. */
import type { Command } from 'commander';
import { UsageError } from '../usage-error';
import { sendControl } from './control';
import { DEFAULT_SOCKET, up } from './up';
import type { RunnerCommand } from './runner';

export function addUpCommand(program: Command): void {
  const command = program
    .command('up')
    .description('run the processes of Procfiles until Ctrl-C; one ending leaves the others running')
    .option('-f, --procfile <file...>', 'Procfiles', ['Procfile'])
    .option('--socket <path>', 'where "mas up run" reaches it (MAS_UP_SOCKET)', process.env['MAS_UP_SOCKET'] ?? DEFAULT_SOCKET)
    .argument('[names...]', 'only these processes')
    .action(async (names: string[], options: { readonly procfile: string[]; readonly socket: string }) => {
      process.exit(await up({ files: options.procfile, names, socket: options.socket }));
    });
  command
    .command('run')
    .description('steer a running "mas up"')
    .argument('<verb>', 'status, stop, start, restart, stop-all or restart-all')
    .argument('[name]', 'of the process')
    .action(async (verb: string, name: string | undefined) => {
      const socket = command.opts<{ readonly socket: string }>().socket;
      const answer = await sendControl(socket, readCommand(verb, name)).catch((error: unknown) => {
        throw new UsageError(error instanceof Error ? error.message : String(error));
      });
      if (answer.startsWith('error: ')) throw new UsageError(answer.slice('error: '.length));
      process.stdout.write(`${answer}\n`);
    });
}

function readCommand(verb: string, name: string | undefined): RunnerCommand {
  if (verb === 'status' || verb === 'stop-all' || verb === 'restart-all') return { verb };
  if (verb !== 'stop' && verb !== 'start' && verb !== 'restart')
    throw new UsageError(`"${verb}" is not a verb of "mas up run"; there are status, stop, start, restart, stop-all and restart-all`);
  if (name === undefined) throw new UsageError(`"mas up run ${verb}" needs the name of a process`);
  return { verb, name };
}
