#!/usr/bin/env node
/** The server program: `mas tc`, `mas rm`, `mas gateway`, `mas restore`, `mas up`, `mas demo`, `mas console`, `mas certs`, `mas check`, `mas health`, `mas log`, `mas body`. Wrong input is one line per problem and exit code 2. */
import { Command, CommanderError, Option } from 'commander';
import { forgetEmptyVariables } from './config/environment';
import { EXIT_FATAL } from './exit-fatal';
import type { Settings } from './config/setting';
import { gatewaySettings } from './server/gateway-settings';
import { resourceManagerSettings } from './server/resource-manager-settings';
import { restoreSettings } from './restore/restore-settings';
import { transactionManagerSettings } from './server/transaction-manager-settings';
import { consoleSettings } from './console/console-settings';
import { addCertsCommand } from './certs/certs-command';
import { addCheckCommand } from './check/check-command';
import { addHealthCommand } from './health';
import { requireModernTls } from './platform/tls-policy';
import { addBodyCommand } from './body/body-command';
import { addLogCommand } from './log/log-command';
import { addDemoCommand } from './demo/demo-command';
import { surviveLostOutput } from './platform/standard-streams';
import { describeVersion } from './platform/version';
import { addUpCommand } from './up/up-command';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Kinds of errors whose message says all that there is to say, by the exit code. */
const EXPECTED: Readonly<Record<string, number>> = {
  'usage-error': EXIT_USAGE,
  'store-misconfigured': EXIT_USAGE,
  'listen-failed': EXIT_USAGE,
  'membership-refused': EXIT_USAGE,
  // The database or the log is older than the other one: something is lost, as with an empty one.
  'replica-unusable': EXIT_USAGE,
  'store-unavailable': EXIT_FAILED,
  // What is on the disk or in the database contradicts itself: the same as when a process finds it while it runs.
  'log-damaged': EXIT_FATAL,
  'backup-damaged': EXIT_FATAL,
  'log-failed': EXIT_FATAL,
  'snapshot-damaged': EXIT_FATAL,
  'writer-fenced': EXIT_FATAL,
  'unknown-semantics': EXIT_FATAL,
  'invariant-violation': EXIT_FATAL,
};
type Flags = Readonly<Record<string, unknown>>;

// Logs, databases, keys and sockets are for the user who runs this: no file is made that others may read.
process.umask(0o077);
requireModernTls();
forgetEmptyVariables(process.env);
// A closed terminal must not cost anybody an orderly end.
surviveLostOutput();

const program = new Command('mas')
  .description('The processes of a Mini Account System')
  .version(describeVersion(), '--version', 'print the version')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`mas: ${text.replace(/^error: /, '')}`) });
withSettings(program.command('tc').description('a Transaction Manager: coordinator, locks, node service'), transactionManagerSettings).action(
  async (flags: Flags) => (await import('./server/transaction-manager-process.js')).runTransactionManager(flags),
);
withSettings(program.command('rm').description('a Resource Manager: replicas of buckets'), resourceManagerSettings).action(async (flags: Flags) =>
  (await import('./server/resource-manager-process.js')).runResourceManager(flags),
);
withSettings(program.command('restore').description('a backup into the empty storage of a Resource Manager, before its first start'), restoreSettings).action(
  async (flags: Flags) => (await import('./restore/restore-command.js')).runRestore(flags),
);
withSettings(program.command('console').description('the web console: the cluster live, accounts, payments, what is in doubt, locks'), consoleSettings).action(
  async (flags: Flags) => (await import('./console/console-process.js')).runConsole(flags),
);
withSettings(program.command('gateway').description('the public service as JSON over HTTPS'), gatewaySettings).action(async (flags: Flags) =>
  (await import('./server/gateway-process.js')).runGateway(flags),
);
addUpCommand(program);
addDemoCommand(program);
addCertsCommand(program);
addCheckCommand(program);
addHealthCommand(program);
addLogCommand(program);
addBodyCommand(program);
for (const command of allCommands(program)) command.exitOverride().copyInheritedSettings(program);

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exit(error.exitCode === 0 || error.code === 'commander.help' ? 0 : EXIT_USAGE);
  }
  const expected = typeof error === 'object' && error !== null && 'kind' in error ? EXPECTED[String(error.kind)] : undefined;
  const message = error instanceof Error ? error.message : String(error);
  for (const line of (expected === undefined ? `unexpected: ${message}` : message).split('\n')) process.stderr.write(`mas: ${line}\n`);
  process.exit(expected ?? EXIT_FAILED);
});

/** Each setting as a flag; its variable and default stand in the help. */
function withSettings(command: Command, settings: Settings): Command {
  for (const one of Object.values(settings)) {
    const fallback = one.fallback === undefined ? 'required' : `default ${one.fallback === '' ? 'none' : one.fallback}`;
    command.addOption(new Option(`--${one.flag} ${one.placeholder}`, `${one.help} (${one.variable}; ${fallback})`));
  }
  return command;
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((inner) => [inner, ...allCommands(inner)]);
}
