/** mas-client payment capture|void|refund|get|trace|list; create and authorize are in payment-create.ts */
import { parseAccountNumber } from '@mas/values';
import type { Command } from 'commander';
import { chosenAccount, namesOneAccount, type AccountOption } from '../account-option';
import { mintPaymentId, oneOf, readAccount, readPageSize } from '../arguments';
import { inPages, moreText, readPages, type PageOptions } from '../pages';
import { withSession } from '../session';
import { readTime } from '../time-argument';
import { watchable, watched, type WatchOption } from '../watch';
import { addCreatingCommands } from './payment-create';
import { pay } from './payment-outcome';
import { datedPage, datedView, legCsv, legTable, timeline, viewTable } from './payment-tables';

export function addPaymentCommands(program: Command): void {
  const payment = program.command('payment').description('payments: make, reserve, give back, look up');
  addCreatingCommands(program, payment);
  addBuildingOn(program, payment);
  addLooking(program, payment);
}

function addBuildingOn(program: Command, payment: Command): void {
  for (const [name, description, takesAmount] of [
    ['capture', 'take reserved money, whole or in part', true],
    ['void', 'free reserved money', false],
    ['refund', 'give a payment back, whole or in part', true],
  ] as const) {
    const command = payment
      .command(name)
      .description(description)
      .argument('<payment>', 'id of the payment it builds on')
      .option('--id <id>', 'idempotency key')
      .option('--memo <text>', 'a text that is kept with it', '');
    if (name === 'capture') command.requiredOption('--to <number>', 'who receives it');
    if (takesAmount) command.option('--amount <amount>', 'default: all of it').option('--currency <code>', 'three letters', 'USD');
    command.action(
      withSession(
        program,
        async (
          session,
          reference: string,
          options: { readonly id?: string; readonly to?: string; readonly amount?: string; readonly currency?: string; readonly memo: string },
        ) => {
          const named = parseAccountNumber(/^\{([^}]+)\}/.exec(reference)?.[1] ?? '');
          const sender = named.ok ? named.value : undefined;
          await pay(session, {
            id: options.id ?? mintPaymentId(sender),
            kind: name,
            referenceId: reference,
            memo: options.memo,
            ...(options.to === undefined ? {} : { to: readAccount('--to', options.to) }),
            ...(options.amount === undefined ? {} : { amount: { decimal: options.amount, currency: options.currency ?? 'USD' } }),
          });
        },
      ),
    );
  }
}

function addLooking(program: Command, payment: Command): void {
  for (const [name, description] of [
    ['get', 'state of a payment'],
    ['trace', 'a payment\u2019s way through both phases'],
  ] as const) {
    payment
      .command(name)
      .description(description)
      .argument('<id>', 'the payment\u2019s id, or its txn together with --account')
      .option('--account <number>', 'an account that has a leg of it')
      .action(
        withSession(program, async ({ client, output }, id: string, options: { readonly account?: string }) => {
          const view = await client.getPayment(options.account === undefined ? { id } : { txn: id, account: options.account });
          output.print(datedView(view), () => (name === 'trace' ? `${viewTable(view)}\n${timeline(view)}` : viewTable(view)));
        }),
      );
  }
  watchable(inPages(namesOneAccount(payment.command('list').description('an account\u2019s payments')), 'payments', '50'))
    .option('--account <number>', 'the same as the argument')
    .option('--oldest-first', 'from the beginning')
    .option('--state <state>', 'PENDING, COMMITTED or ABORTED')
    .option('--from <time>', 'not before: RFC 3339 or a date, UTC unless a zone is given')
    .option('--until <time>', 'before: the same')
    .option('--csv', 'as comma-separated values')
    .action(
      withSession(program, async (session, argument: string | undefined, options: ListOptions) => {
        const { client, output } = session;
        const request = {
          account: chosenAccount(argument, options.number, options.account),
          direction: options.oldestFirst === true ? 'oldest-first' : 'newest-first',
          pageSize: readPageSize(options.limit),
          ...(options.state === undefined ? {} : { state: oneOf('--state', options.state, ['PENDING', 'COMMITTED', 'ABORTED']) }),
          ...(options.from === undefined ? {} : { fromMs: readTime('--from', options.from) }),
          ...(options.until === undefined ? {} : { untilMs: readTime('--until', options.until) }),
        } as const;
        await watched(session, options, async () => {
          const { rows: legs, nextCursor } = await readPages(options, async (pageToken) => {
            const page = await client.listPayments({ ...request, ...(pageToken === undefined ? {} : { pageToken }) });
            return { ...page, rows: page.legs };
          });
          if (options.csv === true) output.csv(legCsv(legs));
          else output.print(datedPage({ legs, nextCursor }), () => legTable(legs) + moreText(nextCursor));
        });
      }),
    );
}

interface ListOptions extends AccountOption, PageOptions, WatchOption {
  readonly account?: string;
  readonly oldestFirst?: boolean;
  readonly state?: string;
  readonly from?: string;
  readonly until?: string;
  readonly csv?: true;
}
