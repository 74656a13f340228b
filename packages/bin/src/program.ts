/** The commands of `mas` with their options: what `--help` prints, and what the tables of docs/operate.md are made of. Nothing heavy is loaded before a command runs. */
import { Command, Option } from 'commander';
import { addBodyCommand } from './body/body-command';
import { addCertsCommand } from './certs/certs-command';
import { addCheckCommand } from './check/check-command';
import type { Settings } from './config/setting';
import { consoleSettings } from './console/console-settings';
import { addDemoCommand } from './demo/demo-command';
import { addHealthCommand } from './health';
import { addLogCommand } from './log/log-command';
import { describeVersion } from './platform/version';
import { restoreSettings } from './restore/restore-settings';
import { gatewaySettings } from './server/gateway-settings';
import { resourceManagerSettings } from './server/resource-manager-settings';
import { transactionManagerSettings } from './server/transaction-manager-settings';
import { addUpCommand } from './up/up-command';

type Flags = Readonly<Record<string, unknown>>;

/** Of the commands that run one process or make its storage, by their names. */
export const SETTINGS = {
  tc: transactionManagerSettings,
  rm: resourceManagerSettings,
  restore: restoreSettings,
  gateway: gatewaySettings,
  console: consoleSettings,
} as const;

export function serverProgram(): Command {
  const program = new Command('mas')
    .description('The processes of a Mini Account System')
    .version(describeVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`mas: ${text.replace(/^error: /, '')}`) });
  withSettings(program.command('tc').description('a Transaction Manager: coordinator, locks, node service'), SETTINGS.tc).action(async (flags: Flags) =>
    (await import('./server/transaction-manager-process.js')).runTransactionManager(flags),
  );
  withSettings(program.command('rm').description('a Resource Manager: replicas of buckets'), SETTINGS.rm).action(async (flags: Flags) =>
    (await import('./server/resource-manager-process.js')).runResourceManager(flags),
  );
  withSettings(
    program.command('restore').description('a backup into the empty storage of a Resource Manager, before its first start'),
    SETTINGS.restore,
  ).action(async (flags: Flags) => (await import('./restore/restore-command.js')).runRestore(flags));
  withSettings(
    program.command('console').description('the web console: the cluster live, accounts, payments, what is in doubt, locks'),
    SETTINGS.console,
  ).action(async (flags: Flags) => (await import('./console/console-process.js')).runConsole(flags));
  withSettings(program.command('gateway').description('the public service as JSON over HTTPS'), SETTINGS.gateway).action(async (flags: Flags) =>
    (await import('./server/gateway-process.js')).runGateway(flags),
  );
  addUpCommand(program);
  addDemoCommand(program);
  addCertsCommand(program);
  addCheckCommand(program);
  addHealthCommand(program);
  addLogCommand(program);
  addBodyCommand(program);
  return program;
}

/** What stands for a default where a setting has none to show. */
export function shownDefault({ fallback }: Settings[string]): string {
  if (fallback === undefined) return 'required';
  return fallback === '' ? 'none' : fallback;
}

/** Each setting as a flag; its variable and default stand in the help. */
function withSettings(command: Command, settings: Settings): Command {
  for (const one of Object.values(settings)) {
    const fallback = one.fallback === undefined ? 'required' : `default ${shownDefault(one)}`;
    command.addOption(new Option(`--${one.flag} ${one.placeholder}`, `${one.help} (${one.variable}; ${fallback})`));
  }
  return command;
}
