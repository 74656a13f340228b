#!/usr/bin/env node
/** The command-line client. One line on stderr and a documented exit code for whatever goes wrong; never a stack. */
import { Command, CommanderError } from 'commander';
import { addAccountCommands } from './client/commands/account';
import { addClusterCommands } from './client/commands/cluster';
import { addLockCommands } from './client/commands/lock';
import { addPaymentCommands } from './client/commands/payment';
import { addTokenCommands } from './client/commands/token';
import { forgetEmptyVariables } from './config/environment';
import { EXIT, EXIT_CODE_HELP } from './client/exit-codes';
import { requireModernTls } from './platform/tls-policy';
import { addSeedForm, SEED_FORM_HELP, usesSeedForm } from './client/seed-form';

requireModernTls();
forgetEmptyVariables(process.env);
const program = new Command('mas-client')
  .description('Accounts, payments, locks and the state of a Mini Account System')
  .option('--tc <host:port,…>', 'Transaction Managers, tried in order (MAS_TC; default localhost:9008)')
  .option('--cert <file>', 'certificate of the cluster\u2019s authority (MAS_CERT; default certs/ca.crt)')
  .option('--token <token|file>', 'JWT, or the file that holds it (MAS_TOKEN; default certs/operator.jwt)')
  .option('--timeout <ms>', 'for the whole call, repetitions included (MAS_TIMEOUT; default 15000)')
  .option('--context <file>', 'JSON file with tc, cert, token (MAS_CONTEXT; default .mas/context.json, ~/.config/mas/context.json)')
  .option('--json', 'print one JSON document; amounts are minor units as text')
  .addHelpText('after', `\n${SEED_FORM_HELP}\n\n${EXIT_CODE_HELP}`)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`mas-client: ${text.trimEnd().replace(/^error: /, '').replaceAll('\n', ' ')}\n`) });

addAccountCommands(program);
addPaymentCommands(program);
addLockCommands(program);
addClusterCommands(program);
addTokenCommands(program);
// A program's option is taken out of a subcommand's arguments as well, and both forms have --number, --from and --to.
if (usesSeedForm(process.argv)) addSeedForm(program);
for (const command of allCommands(program)) command.exitOverride().copyInheritedSettings(program);

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 || error.code === 'commander.help' ? EXIT.ok : EXIT.usage;
    return;
  }
  process.stderr.write(`mas-client: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = EXIT.unexpected;
});

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((inner) => [inner, ...allCommands(inner)]);
}
