/** One payment: asked for, and its outcome printed. */
import type { MasClient, PaymentInput } from '@mas/client';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { unreachable, type AmountMinor, type Currency } from '@mas/values';
import { isCallFailed } from '../call-failed';
import { CommandFailed, EXIT } from '../exit-codes';
import { coloured, money, time, type Output } from '../output';
import type { Session } from '../session';
import { reasonText } from './payment-tables';

/** The payment is answered already: what its other accounts have is worth a moment. */
const BALANCE_TIMEOUT_MS = 2_000;

/** Sends it and prints the outcome; ABORTED and UNKNOWN have exit codes of their own. */
export async function pay({ client, output }: Session, input: PaymentInput): Promise<void> {
  const result = await client.createPayment(input).catch(async (error: unknown) => Promise.reject(await withId(error, input.id)));
  printResult(output, input.id, result, result.kind === 'committed' ? await balancesOf(client, result) : []);
}

/** Whoever shall ask again with the same id has to know it: he may have left it to this program. */
async function withId(error: unknown, id: string): Promise<unknown> {
  if (!isCallFailed(error)) return error;
  const { MasCallFailed } = await import('../connection.js');
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
