/**
 * The flags of the first mas_client, as an alternative form: `mas-client --createAcc --number abc --balance 100`,
 * `--createPmt --from A --to B --amount 5`, `--getAcc --number abc`. They mean what the subcommands mean.
 */
import type { AccountNumber } from '@mas/values';
import type { Command } from 'commander';
import { UsageError } from '../usage-error';
import { mintPaymentId, readAccount } from './arguments';
import { printAccounts, printCreated } from './commands/account';
import { pay } from './commands/payment-outcome';
import { withSession } from './session';

interface SeedFlags {
  readonly createAcc?: boolean;
  readonly createPmt?: boolean;
  readonly getAcc?: boolean;
  readonly number?: string;
  readonly balance?: string;
  readonly from?: string;
  readonly to?: string;
  readonly amount?: string;
}

const VERBS = ['--createAcc', '--createPmt', '--getAcc'];

export const SEED_FORM_HELP = `The first client's flags work as well:
  mas-client --createAcc --number <number> --balance <amount>
  mas-client --createPmt --from <number> --to <number> --amount <amount>
  mas-client --getAcc --number <number>`;

export function usesSeedForm(argv: readonly string[]): boolean {
  return argv.some((arg) => VERBS.includes(arg));
}

export function addSeedForm(program: Command): void {
  program
    .option('--createAcc', 'the first form of "account create" (with --number, --balance)')
    .option('--createPmt', 'the first form of "payment create" (with --from, --to, --amount)')
    .option('--getAcc', 'the first form of "account get" (with --number)')
    .option('--number <number>', 'account number')
    .option('--balance <amount>', 'account balance')
    .option('--from <number>', 'from account number of a payment')
    .option('--to <number>', 'to account number of a payment')
    .option('--amount <amount>', 'amount of money of a payment')
    .action(async () => {
      const flags = program.opts<SeedFlags>();
      const chosen = [flags.createAcc, flags.createPmt, flags.getAcc].filter((flag) => flag === true).length;
      await withSession(program, async (session) => {
        const { client, output } = session;
        if (chosen !== 1) throw new UsageError('give one of --createAcc, --createPmt and --getAcc');
        if (flags.createAcc === true) {
          const number = neededAccount('--number', flags.number);
          printCreated(output, await client.createAccount({ id: `create-${number}`, number, openingBalance: { decimal: flags.balance ?? '0' } }), false);
        } else if (flags.getAcc === true) {
          printAccounts(output, [await client.getAccount(neededAccount('--number', flags.number))]);
        } else {
          const from = neededAccount('--from', flags.from);
          await pay(session, { id: mintPaymentId(from), from, to: neededAccount('--to', flags.to), amount: { decimal: needed('--amount', flags.amount) } });
        }
      })();
    });
}

function neededAccount(flag: string, value: string | undefined): AccountNumber {
  return readAccount(flag, needed(flag, value));
}

function needed(flag: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new UsageError(`${flag} is needed`);
  return value;
}
