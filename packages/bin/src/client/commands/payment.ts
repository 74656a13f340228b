/** mas-client payment create|authorize|capture|void|refund|get|trace|list */
import { MasCallFailed, type MasClient, type PaymentInput } from '@mas/client';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { parseAccountNumber, unreachable, type AccountNumber, type AmountMinor, type Currency } from '@mas/values';
import type { Command } from 'commander';
import { UsageError } from '../../usage-error';
import { chosenAccount, namesOneAccount, type AccountOption } from '../account-option';
import { mintPaymentId, oneOf, readAccount, readDuration, readPageSize } from '../arguments';
import { CommandFailed, EXIT } from '../exit-codes';
import { coloured, money, time, type Output } from '../output';
import { withSession, type Session } from '../session';
import { readTime } from '../time-argument';
import { datedPage, datedView, legTable, reasonText, timeline, viewTable } from './payment-tables';

/** The payment is answered already: what its other accounts have is worth a moment. */
const BALANCE_TIMEOUT_MS = 2_000;

export function addPaymentCommands(program: Command): void {
  const payment = program.command('payment').description('payments: make, reserve, give back, look up');
  addCreating(program, payment);
  addBuildingOn(program, payment);
  addLooking(program, payment);
}

interface CreateOptions {
  readonly from?: string;
  readonly to?: string;
  readonly amount?: string;
  readonly debit?: readonly string[];
  readonly credit?: readonly string[];
  readonly currency: string;
  readonly memo: string;
  readonly id?: string;
  readonly lockHandle?: string;
}

function addCreating(program: Command, payment: Command): void {
  payment
    .command('create')
    .description('pay; with --debit and --credit instead of --from and --to: any number of legs, all or nothing')
    .option('--from <number>', 'account that pays')
    .option('--to <number>', 'account that receives')
    .option('--amount <amount>', 'how much, as in 12.50')
    .option('--debit <number=amount...>', 'a leg that pays')
    .option('--credit <number=amount...>', 'a leg that receives')
    .option('--currency <code>', 'three letters', 'USD')
    .option('--memo <text>', 'a text that is kept with it', '')
    .option('--id <id>', 'idempotency key: give the same one to ask again')
    .option('--lock-handle <handle>', 'of an exclusive lock that you hold on an account of the payment')
    .action(withSession(program, async (session, options: CreateOptions) => pay(session, createInput(options))));
  payment
    .command('authorize')
    .description('reserve money of an account for a later capture')
    .requiredOption('--from <number>', 'account whose money is reserved')
    .requiredOption('--amount <amount>', 'how much, as in 12.50')
    .option('--expires <duration>', 'how long it stays reserved', '7d')
    .option('--currency <code>', 'three letters', 'USD')
    .option('--memo <text>', 'a text that is kept with it', '')
    .option('--id <id>', 'idempotency key')
    .action(
      withSession(
        program,
        async (
          session,
          options: {
            readonly from: string;
            readonly amount: string;
            readonly expires: string;
            readonly currency: string;
            readonly memo: string;
            readonly id?: string;
          },
        ) => {
          const { currency, memo } = options;
          const from = readAccount('--from', options.from);
          await pay(session, {
            id: options.id ?? mintPaymentId(from),
            kind: 'authorization',
            from,
            amount: { decimal: options.amount, currency },
            expiresInSeconds: readDuration('--expires', options.expires),
            memo,
          });
        },
      ),
    );
}

function createInput(options: CreateOptions): PaymentInput {
  const { currency, memo } = options;
  const common = { memo, ...(options.lockHandle === undefined ? {} : { lockHandle: options.lockHandle }) };
  if (options.debit !== undefined || options.credit !== undefined) {
    if (options.from !== undefined || options.to !== undefined || options.amount !== undefined)
      throw new UsageError('give either --from, --to and --amount, or legs with --debit and --credit');
    const legs = [...legsOf('debit', options.debit ?? [], currency), ...legsOf('credit', options.credit ?? [], currency)];
    return { ...common, id: options.id ?? mintPaymentId(legs[0]?.account), legs };
  }
  if (options.from === undefined || options.to === undefined || options.amount === undefined) throw new UsageError('--from, --to and --amount are needed');
  const [from, to] = [readAccount('--from', options.from), readAccount('--to', options.to)];
  return { ...common, id: options.id ?? mintPaymentId(from), from, to, amount: { decimal: options.amount, currency } };
}

function legsOf(
  direction: 'debit' | 'credit',
  texts: readonly string[],
  currency: string,
): readonly (NonNullable<PaymentInput['legs']>[number] & { readonly account: AccountNumber })[] {
  return texts.map((text) => {
    const at = text.lastIndexOf('=');
    if (at < 1) throw new UsageError(`--${direction} is "${text}"; expected NUMBER=AMOUNT, as in alice=12.50`);
    return { account: readAccount(`--${direction}`, text.slice(0, at)), direction, amount: { decimal: text.slice(at + 1), currency } };
  });
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
  namesOneAccount(payment.command('list').description('an account\u2019s payments'))
    .option('--account <number>', 'the same as the argument')
    .option('--oldest-first', 'from the beginning')
    .option('--state <state>', 'PENDING, COMMITTED or ABORTED')
    .option('--from <time>', 'not before: RFC 3339 or a date, UTC unless a zone is given')
    .option('--until <time>', 'before: the same')
    .option('--limit <n>', 'payments per page', '50')
    .option('--cursor <cursor>', 'continue after an earlier page')
    .action(
      withSession(program, async ({ client, output }, argument: string | undefined, options: ListOptions) => {
        const page = await client.listPayments({
          account: chosenAccount(argument, options.number, options.account),
          direction: options.oldestFirst === true ? 'oldest-first' : 'newest-first',
          pageSize: readPageSize(options.limit),
          ...(options.cursor === undefined ? {} : { pageToken: options.cursor }),
          ...(options.state === undefined ? {} : { state: oneOf('--state', options.state, ['PENDING', 'COMMITTED', 'ABORTED']) }),
          ...(options.from === undefined ? {} : { fromMs: readTime('--from', options.from) }),
          ...(options.until === undefined ? {} : { untilMs: readTime('--until', options.until) }),
        });
        output.print(datedPage(page), () => legTable(page.legs) + (page.nextCursor === null ? '' : `\nmore: --cursor ${page.nextCursor}`));
      }),
    );
}

interface ListOptions extends AccountOption {
  readonly account?: string;
  readonly oldestFirst?: boolean;
  readonly state?: string;
  readonly from?: string;
  readonly until?: string;
  readonly limit: string;
  readonly cursor?: string;
}

/** Sends it and prints the outcome; ABORTED and UNKNOWN have exit codes of their own. */
export async function pay({ client, output }: Session, input: PaymentInput): Promise<void> {
  const result = await client.createPayment(input).catch((error: unknown) => Promise.reject(withId(error, input.id)));
  printResult(output, input.id, result, result.kind === 'committed' ? await balancesOf(client, result) : []);
}

/** Whoever shall ask again with the same id has to know it: he may have left it to this program. */
function withId(error: unknown, id: string): unknown {
  if (!(error instanceof MasCallFailed)) return error;
  return new MasCallFailed(error.code, { ...error.error, facts: { ...error.error.facts, payment_id: id } }, error.attempts);
}

interface Balance {
  readonly account: string;
  readonly balanceMinor: AmountMinor;
  readonly currency: Currency;
}

/** Of all its accounts, in its order: as the payment left them where its answer says so, else as they are now, and none of those that the caller may not read. */
async function balancesOf(client: MasClient, { body, balances }: Extract<PaymentResult, { readonly kind: 'committed' }>): Promise<readonly Balance[]> {
  const known = new Map<string, AmountMinor>(balances.map((one) => [one.account, one.balanceMinor]));
  const others = [...new Set(body.legs.map((leg) => leg.account))].filter((account) => !known.has(account));
  const read = await Promise.allSettled(others.map((account) => client.getAccount(account, 'committed', BALANCE_TIMEOUT_MS)));
  for (const one of read) if (one.status === 'fulfilled') known.set(one.value.number, one.value.balanceMinor);
  const currencies = new Map(body.legs.map((leg) => [leg.account, leg.currency]));
  return [...currencies].flatMap(([account, currency]) => {
    const balanceMinor = known.get(account);
    return balanceMinor === undefined ? [] : [{ account, balanceMinor, currency }];
  });
}

function printResult(output: Output, id: string, result: PaymentResult, balancesNow: readonly Balance[]): void {
  switch (result.kind) {
    case 'committed':
      output.print({ id, state: 'COMMITTED', ...result, balancesNow }, () => {
        const balances = balancesNow.map((one) => `${one.account} now has ${money(one.balanceMinor, one.currency)}`);
        return `${coloured('COMMITTED')} ${id} at ${time(result.atMs)}${balances.length === 0 ? '' : `: ${balances.join(', ')}`}`;
      });
      return;
    case 'aborted':
      throw new CommandFailed(EXIT.refused, `ABORTED ${id}: ${reasonText(result.reason)}`, {
        id,
        state: 'ABORTED',
        reason: result.reason.name,
        account: result.reason.account,
        facts: result.reason.facts,
        txn: result.txn,
      });
    case 'unknown':
      throw new CommandFailed(EXIT.unknownOutcome, `UNKNOWN ${id}: ${result.message}; ask again with --id '${id}'`, { id, state: 'UNKNOWN', txn: result.txn });
    default:
      unreachable(result, 'payment result');
  }
}
