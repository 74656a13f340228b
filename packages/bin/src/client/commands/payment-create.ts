/** mas-client payment create|authorize */
import type { PaymentInput } from '@mas/client';
import type { AccountNumber } from '@mas/values';
import type { Command } from 'commander';
import { UsageError } from '../../usage-error';
import { mintPaymentId, readAccount, readDuration } from '../arguments';
import { withSession } from '../session';
import type { PayFileOptions } from './payment-file';
import { pay } from './payment-outcome';

const WITH_FILE = ['--file', '--result', '--currency'];

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
  readonly file?: string;
  readonly result?: string;
}

export function addCreatingCommands(program: Command, payment: Command): void {
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
    .option('--file <file>', 'many payments: CSV with the columns from, to, amount and where wanted currency and memo')
    .option('--result <file>', 'with --file: what became of each; the same command goes on where it was (default: FILE.results.csv beside it)')
    .action(
      withSession(program, async (session, options: CreateOptions, command: Command) => {
        if (options.file !== undefined) {
          const { payFile } = await import('./payment-file.js');
          return payFile(session, fileOptions(options.file, options, command));
        }
        if (options.result !== undefined) throw new UsageError('--result belongs to --file');
        await pay(session, createInput(options));
      }),
    );
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

/** With a file, whatever else says what to pay is a mistake. */
function fileOptions(file: string, { currency, result }: CreateOptions, command: Command): PayFileOptions {
  const others = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli' && !WITH_FILE.includes(option.long ?? ''));
  if (others.length > 0) throw new UsageError(`${others.map(({ long }) => long).join(', ')} cannot be given with --file: each payment of it says so itself`);
  return { file, currency, ...(result === undefined ? {} : { result }) };
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
