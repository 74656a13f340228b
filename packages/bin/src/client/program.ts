/** mas-client's command line: its global options, its groups of commands, and how commander's own refusals are printed. */
import type { Command } from 'commander';
import { describeVersion } from '../platform/version';
import { addAccountCommands } from './commands/account';
import { addBackupCommands } from './commands/backup';
import { addClusterCommands } from './commands/cluster';
import { addLockCommands } from './commands/lock';
import { addPaymentCommands } from './commands/payment';
import { addReplCommand } from './commands/repl';
import { addTokenCommands } from './commands/token';
import { COMPLETION_HELP } from './completion';
import { addExamples } from './examples';
import { EXIT_CODE_HELP } from './exit-codes';
import { addSeedForm, SEED_FORM_HELP, usesSeedForm } from './seed-form';
import { ClientCommand, failureLine, jsonFailure, type Session } from './session';

/** @param args what was typed: a refusal of commander's comes before its options are known. @param shared the session that all commands use, instead of one each */
export function createProgram(args: readonly string[], shared: Session | null = null): Command {
  const json = args.includes('--json');
  const program = new ClientCommand('mas-client', shared)
    .description('Accounts, payments, locks and the state of a Mini Account System')
    .version(describeVersion(), '--version', 'print the version')
    .option('--tc <host:port,…>', 'Transaction Managers, tried in order (MAS_TC; default localhost:9008)')
    .option('--cert <file>', 'certificate of the cluster\u2019s authority (MAS_CERT; default certs/ca.crt)')
    .option('--token <token|file>', 'JWT, or the file that holds it (MAS_TOKEN; default certs/operator.jwt)')
    .option('--timeout <ms>', 'for the whole call, repetitions included (MAS_TIMEOUT; default 15000)')
    .option('--context <file>', 'JSON file with tc, cert, token (MAS_CONTEXT; default .mas/context.json, ~/.config/mas/context.json)')
    .option('--json', 'print one JSON document; amounts are minor units as text')
    .option('--wide', 'all columns, however narrow the terminal is (MAS_WIDE)')
    .addHelpText('after', `\n${SEED_FORM_HELP}\n\n${COMPLETION_HELP}\n\n${EXIT_CODE_HELP}`)
    .hook('preAction', (one) => {
      if (one.opts<{ readonly wide?: boolean }>().wide === true) process.env['MAS_WIDE'] = '1';
    })
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => {
        const message = text
          .trimEnd()
          .replace(/^error: /, '')
          .replaceAll('\n', ' ');
        write(json ? jsonFailure(message, { reason: 'USAGE' }) : failureLine(message));
      },
    });
  addAccountCommands(program);
  addPaymentCommands(program);
  addLockCommands(program);
  addClusterCommands(program);
  addBackupCommands(program);
  addTokenCommands(program);
  if (shared === null) addReplCommand(program, createProgram);
  addExamples(program, allCommands(program));
  // A program's option is taken out of a subcommand's arguments as well, and both forms have --number, --from and --to.
  if (usesSeedForm(args)) addSeedForm(program);
  for (const command of allCommands(program)) command.exitOverride().copyInheritedSettings(program);
  return program;
}

export function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((inner) => [inner, ...allCommands(inner)]);
}
