/** One example for each command, as its help shows it. A test holds them against the commands: each has one, and each is a right command line. */
import type { Command } from 'commander';

export const EXAMPLES: Readonly<Record<string, string>> = {
  'account create': 'alice --balance 1000 --owner "Alice A."',
  'account get': 'alice bob --at 2026-11-28T10:00:00Z',
  'account list': '--all --csv',
  'account statement': 'alice --from 2026-11-01 --to 2026-12-01 --csv',
  'account freeze': 'alice',
  'account unfreeze': 'alice',
  'account close': 'alice',
  'payment create': '--from alice --to bob --amount 12.50 --memo "rent, May"',
  'payment authorize': '--from alice --amount 80 --expires 2d',
  'payment capture': "'{alice}order-17' --to bob --amount 75",
  'payment void': "'{alice}order-17'",
  'payment refund': "'{alice}order-17' --amount 5",
  'payment get': "'{alice}order-17'",
  'payment trace': "'{alice}order-17'",
  'payment list': 'alice --state COMMITTED --from 2026-11-01 --all',
  'lock acquire': 'alice bob --lock-timeout 10000',
  'lock release': 'alice bob --handle HANDLE',
  'lock refresh': 'alice bob --handle HANDLE --lock-timeout 10000',
  'lock get': 'alice',
  'lock list': '--watch',
  'lock break': 'alice',
  'cluster status': '--watch 5',
  'cluster health': '--json',
  'cluster add-node': '4 localhost:50071 --wait',
  'cluster drain': '2 --wait',
  'cluster remove-node': '2',
  'cluster move-replica': '2 --from 1 --to 4 --wait',
  'cluster rebalance': '--replicas 3 --wait',
  'cluster add-bucket': '--replicas 1,2,3 --wait',
  'cluster move-slots': '--from 1 --to 4 --slots 100-199 --wait',
  'cluster retire-bucket': '4 --wait',
  'cluster pause-moves': '--json',
  'cluster resume-moves': '--json',
  'cluster cancel-moves': '--wait',
  'cluster replace-node': '3',
  audit: '--json',
  'backup create': '--out /backup/2026-11-28',
  'backup verify': '/backup/2026-11-28',
  'admin transactions': '--watch',
  'admin resolve': '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 --account alice',
  'token sign': '--account alice --expires 12h',
  'token show': 'certs/operator.jwt',
  repl: '--tc localhost:9008',
};

/** At the end of each help. */
export function addExamples(program: Command, commands: readonly Command[]): void {
  for (const command of commands) {
    const path = pathOf(command, program);
    const example = EXAMPLES[path];
    if (example !== undefined) command.addHelpText('after', `\nExample:\n  ${program.name()} ${path} ${example}`);
  }
}

export function pathOf(command: Command, program: Command): string {
  const { parent } = command;
  return parent === null || parent === program ? command.name() : `${pathOf(parent, program)} ${command.name()}`;
}
