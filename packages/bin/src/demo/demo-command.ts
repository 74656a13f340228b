/** `mas demo`, the main job of `npm start`: its flags, and how a running one is steered. */
import type { Command } from 'commander';
import { DEFAULT_CONSOLE_PORT } from '../console/console-settings';

export interface DemoFlags {
  readonly exit?: boolean;
  readonly fresh?: boolean;
  readonly tcPort: string;
  readonly rmPort: string;
  readonly consolePort: string;
  readonly gatewayPort: string;
  readonly folder: string;
  readonly certs: string;
}

export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .description('a whole cluster on this machine, a payment to look at, and the console; stays up until Ctrl-C')
    .option('--exit', 'stop after the show; exit code 0 only if everything in it went right')
    .option('--fresh', 'forget the data of earlier starts')
    .option('--tc-port <port>', 'port of the Transaction Manager (MAS_TC_PORT)', process.env['MAS_TC_PORT'] ?? '9008')
    .option('--rm-port <port>', 'first port of the Resource Managers; the others are 10 and 20 above (MAS_RM_PORT)', process.env['MAS_RM_PORT'] ?? '50041')
    .option('--console-port <port>', 'port of the console (MAS_CONSOLE_PORT)', process.env['MAS_CONSOLE_PORT'] ?? String(DEFAULT_CONSOLE_PORT))
    .option('--gateway-port <port>', 'port of JSON over HTTPS (MAS_GATEWAY_PORT)', process.env['MAS_GATEWAY_PORT'] ?? '8443')
    .option('--folder <dir>', 'state folder (MAS_STATE)', process.env['MAS_STATE'] ?? '.mas')
    .option('--certs <dir>', 'folder with certificates; made where they are missing (MAS_CERTS)', process.env['MAS_CERTS'] ?? 'certs')
    .action(async (flags: DemoFlags) => process.exit(await (await import('./demo.js')).demo(flags)));
  command
    .command('run')
    .description('steer a running one: kill or start a Resource Manager, or a new address for the console')
    .argument('<verb>', 'kill, start, status or console')
    .argument('[name]', 'of the process, such as rm-2')
    .action(async (verb: string, name: string | undefined) => {
      const { steerShow } = await import('./show-control.js');
      process.stdout.write(`${await steerShow(command.opts<DemoFlags>().folder, verb, name)}\n`);
    });
}
