/** mas-client account create|get|list|freeze|unfreeze|close; statements are in statement.ts */
import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs';
import type { AccountView } from '@mas/transaction-coordinator';
import type { CreatedAccount } from '@mas/rpc';
import type { AccountNumber } from '@mas/values';
import type { Command } from 'commander';
import { UsageError } from '../../usage-error';
import { chosenAccount, chosenAccounts, namesAccounts, namesOneAccount, type AccountOption, type AccountsOption } from '../account-option';
import { moment, time, type Output } from '../output';
import { inPages, moreText, readPages, type PageOptions } from '../pages';
import { withSession, type Session } from '../session';
import { readMoment } from '../time-argument';
import { readLevel, readPageSize } from '../arguments';
import { watchable, watched, type WatchOption } from '../watch';
import { accountCsv, accountTable } from './account-tables';
import { addStatementCommand } from './statement';

export function addAccountCommands(program: Command): void {
  const account = program.command('account').description('accounts: create, read, freeze, close');
  namesOneAccount(account.command('create').description('open an account'))
    .option('--balance <amount>', 'opening balance', '0')
    .option('--currency <code>', 'three letters', 'USD')
    .option('--minimum <amount>', 'minimum balance; default: the operator\u2019s policy')
    .option('--owner <name>', 'who it belongs to', '')
    .option('--id <id>', 'idempotency key, kept for retries; default: one per number')
    .option('--show-token', 'print the account\u2019s own token: whoever has it can pay from the account')
    .option('--token-out <file>', 'write the account\u2019s own token to this file, for nobody else to read')
    .action(
      withSession(program, async (session, argument: string | undefined, options: CreateOptions) =>
        create(session, chosenAccount(argument, options.number), options),
      ),
    );
  namesAccounts(account.command('get').description('read one account, or several at one moment'))
    .option('--level <level>', 'committed, uncommitted or cached', 'committed')
    .option('--at <time>', 'balances as of this moment, to the microsecond; for ever the same')
    .action(
      withSession(program, async ({ client, output }, given: string[], options: AccountsOption & { readonly level: string; readonly at?: string }) => {
        const level = readLevel(options.level);
        const numbers = chosenAccounts(given, options);
        const [first] = numbers;
        if (options.at !== undefined) return printAccounts(output, await client.getAccounts(numbers, level, readMoment('--at', options.at)));
        printAccounts(output, first !== undefined && numbers.length === 1 ? [await client.getAccount(first, level)] : await client.getAccounts(numbers, level));
      }),
    );
  watchable(inPages(account.command('list').description('all accounts, page by page'), 'accounts', '100'))
    .option('--csv', 'as comma-separated values')
    .action(
      withSession(program, async (session, options: PageOptions & WatchOption & { readonly csv?: true }) => {
        const { client, output } = session;
        const pageSize = readPageSize(options.limit);
        await watched(session, options, async () => {
          const { rows: accounts, nextCursor } = await readPages(options, async (pageToken) => {
            const page = await client.listAccounts({ pageSize, ...(pageToken === undefined ? {} : { pageToken }) });
            return { ...page, rows: page.accounts };
          });
          if (options.csv === true) output.csv(accountCsv(accounts));
          else output.print({ accounts, nextCursor }, () => accountTable(accounts) + moreText(nextCursor));
        });
      }),
    );
  addStatementCommand(program, account);
  for (const [change, description] of [
    ['freeze', 'refuse payments from an account until it is unfrozen'],
    ['unfreeze', 'let a frozen account pay again'],
    ['close', 'close an account for good; its balance must be zero'],
  ] as const) {
    namesOneAccount(account.command(change).description(description))
      .option('--id <id>', 'idempotency key, kept for retries')
      .action(
        withSession(program, async ({ client, output }, argument: string | undefined, options: AccountOption & { readonly id?: string }) => {
          printAccounts(output, [
            await client.changeAccount({ id: options.id ?? `${change}-${crypto.randomUUID()}`, number: chosenAccount(argument, options.number), change }),
          ]);
        }),
      );
  }
}

interface CreateOptions extends AccountOption {
  readonly balance: string;
  readonly currency: string;
  readonly minimum?: string;
  readonly owner: string;
  readonly id?: string;
  readonly showToken?: boolean;
  readonly tokenOut?: string;
}

async function create({ client, output }: Session, number: AccountNumber, options: CreateOptions): Promise<void> {
  // Opened first: an account that exists, with a token that could not be kept, would help nobody.
  const tokenFile = options.tokenOut === undefined ? null : openTokenFile(options.tokenOut);
  try {
    const created = await client.createAccount({
      id: options.id ?? `create-${number}`,
      number,
      currency: options.currency,
      openingBalance: { decimal: options.balance, currency: options.currency },
      ...(options.minimum === undefined ? {} : { minimumBalance: { decimal: options.minimum, currency: options.currency } }),
      owner: options.owner,
    });
    if (tokenFile !== null && created.token !== null) writeSync(tokenFile, `${created.token}\n`);
    printCreated(output, created, options.showToken === true);
  } finally {
    if (tokenFile !== null) closeSync(tokenFile);
  }
}

function openTokenFile(path: string): number {
  try {
    const file = openSync(path, 'w', 0o600);
    fchmodSync(file, 0o600);
    return file;
  } catch (error) {
    throw new UsageError(
      `the token cannot be written to the file that --token-out names (${error instanceof Error && 'code' in error ? String(error.code) : 'no code'}); nothing was created`,
    );
  }
}

/** The token is a secret: it is printed where it was asked for, and in no terminal's history otherwise. */
export function printCreated(output: Output, created: CreatedAccount, showToken: boolean): void {
  const { token, ...rest } = created;
  output.print(showToken ? created : rest, () => {
    const lines = [accountTable([created.account])];
    if (!created.created) lines.push('It existed already, from the same request: nothing was changed.');
    if (showToken)
      lines.push(
        token === null
          ? 'no token: this cluster\u2019s Transaction Managers have no key to sign with'
          : `token (until ${time(created.tokenExpiresAtMs)}): ${token}`,
      );
    return lines.join('\n');
  });
}

export function printAccounts(output: Output, accounts: readonly AccountView[]): void {
  const dated = accounts.map((account) => ({ ...account, readAt: account.momentUs === null ? null : moment(account.momentUs) }));
  output.print(dated.length === 1 ? dated[0] : dated, () => accountTable(accounts));
}
