/** mas-client account create|get|list|freeze|unfreeze|close */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { AccountView } from '@mas/transaction-coordinator';
import type { CreatedAccount } from '@mas/rpc';
import type { Command } from 'commander';
import { coloured, money, table, time, type Output } from '../output';
import { withSession } from '../session';
import { readLevel, readPageSize } from '../arguments';

export function addAccountCommands(program: Command): void {
  const account = program.command('account').description('accounts: create, read, freeze, close');
  account
    .command('create')
    .description('open an account; prints its own token')
    .requiredOption('--number <number>', 'account number')
    .option('--balance <amount>', 'opening balance', '0')
    .option('--currency <code>', 'three letters', 'USD')
    .option('--minimum <amount>', 'minimum balance; default: the operator\u2019s policy')
    .option('--owner <name>', 'who it belongs to', '')
    .option('--id <id>', 'idempotency key, kept for retries; default: one per number')
    .option('--token-out <file>', 'write the account\u2019s token to this file')
    .action(
      withSession(program, async ({ client, output }, options: CreateOptions) => {
        const created = await client.createAccount({
          id: options.id ?? `create-${options.number}`,
          number: options.number,
          currency: options.currency,
          openingBalance: { decimal: options.balance, currency: options.currency },
          ...(options.minimum === undefined ? {} : { minimumBalance: { decimal: options.minimum, currency: options.currency } }),
          owner: options.owner,
        });
        if (options.tokenOut !== undefined && created.token !== null) writeFileSync(options.tokenOut, `${created.token}\n`, { mode: 0o600 });
        printCreated(output, created);
      }),
    );
  account
    .command('get')
    .description('read one account, or several at one instant')
    .argument('<number...>')
    .option('--level <level>', 'committed, uncommitted or cached', 'committed')
    .action(
      withSession(program, async ({ client, output }, numbers: string[], options: { readonly level: string }) => {
        const level = readLevel(options.level);
        const [first = ''] = numbers;
        printAccounts(output, numbers.length === 1 ? [await client.getAccount(first, level)] : await client.getAccounts(numbers, level));
      }),
    );
  account
    .command('list')
    .description('all accounts, page by page')
    .option('--limit <n>', 'accounts per page', '100')
    .option('--cursor <cursor>', 'continue after an earlier page')
    .action(
      withSession(program, async ({ client, output }, options: { readonly limit: string; readonly cursor?: string }) => {
        const page = await client.listAccounts({ pageSize: readPageSize(options.limit), ...(options.cursor === undefined ? {} : { pageToken: options.cursor }) });
        output.print(page, () => accountTable(page.accounts) + (page.nextCursor === null ? '' : `\nmore: --cursor ${page.nextCursor}`));
      }),
    );
  for (const change of ['freeze', 'unfreeze', 'close'] as const) {
    account
      .command(change)
      .description(`${change} an account`)
      .argument('<number>')
      .option('--id <id>', 'idempotency key, kept for retries')
      .action(
        withSession(program, async ({ client, output }, number: string, options: { readonly id?: string }) => {
          printAccounts(output, [await client.changeAccount({ id: options.id ?? `${change}-${randomUUID()}`, number, change })]);
        }),
      );
  }
}

interface CreateOptions {
  readonly number: string;
  readonly balance: string;
  readonly currency: string;
  readonly minimum?: string;
  readonly owner: string;
  readonly id?: string;
  readonly tokenOut?: string;
}

export function printCreated(output: Output, created: CreatedAccount): void {
  output.print(created, () => {
    const lines = [accountTable([created.account])];
    if (!created.created) lines.push('It existed already, from the same request: nothing was changed.');
    if (created.token !== null) lines.push(`token (until ${time(created.tokenExpiresAtMs)}): ${created.token}`);
    return lines.join('\n');
  });
}

export function printAccounts(output: Output, accounts: readonly AccountView[]): void {
  output.print(accounts.length === 1 ? accounts[0] : accounts, () => accountTable(accounts));
}

function accountTable(accounts: readonly AccountView[]): string {
  return table(
    ['number', 'balance', 'minimum', 'held', 'incoming', 'status', 'owner', 'read', 'bucket', 'leader'],
    accounts.map((one) => [
      one.number,
      money(one.balanceMinor, one.currency),
      money(one.minimumMinor, one.currency),
      one.holdsMinor === null ? '' : money(one.holdsMinor, one.currency),
      one.pendingCreditsMinor === null ? '' : money(one.pendingCreditsMinor, one.currency),
      coloured(one.status),
      one.owner,
      one.ageMs === null ? one.level : `${one.level}, ${one.ageMs} ms old`,
      String(one.bucket),
      one.leader === null ? '' : `rm-${one.leader}`,
    ]),
    [1, 2, 3, 4],
  );
}
