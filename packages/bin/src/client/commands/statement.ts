/** mas-client account statement */
import type { ReadStatement as Statement, StatementLine } from '@mas/client';
import { formatAmount } from '@mas/values';
import type { Command } from 'commander';
import { UsageError } from '../../usage-error';
import { chosenAccount, namesOneAccount, type AccountOption } from '../account-option';
import { isNoStatement } from '../call-failed';
import { csvText, foreign } from '../csv';
import { CommandFailed, EXIT, exitCodeOf } from '../exit-codes';
import { moment, money, stored, table, time } from '../output';
import { withSession } from '../session';
import { readMoment } from '../time-argument';

interface StatementOptions extends AccountOption {
  readonly from?: string;
  readonly to?: string;
  readonly csv?: true;
}

export function addStatementCommand(program: Command, account: Command): void {
  namesOneAccount(account.command('statement').description('opening balance, every movement in the order of commit times, closing balance, as of one moment'))
    .option('--from <time>', 'movements from here on: RFC 3339 or a date, UTC unless a zone is given; default: all')
    .option('--to <time>', 'movements before: the same; default: up to now')
    .option('--csv', 'as comma-separated values')
    .action(
      withSession(program, async ({ client, output }, argument: string | undefined, options: StatementOptions) => {
        const number = chosenAccount(argument, options.number);
        const period = { fromUs: readEnd('--from', options.from), toUs: readEnd('--to', options.to) };
        if (period.fromUs !== null && period.toUs !== null && period.fromUs >= period.toUs) throw new UsageError('--from must lie before --to');
        const { readStatement } = await import('../connection.js');
        const statement = await readStatement(client, number, period).catch(named);
        if (options.csv === true) output.csv(statementCsv(statement));
        else output.print(dated(statement), () => statementTable(statement));
      }),
    );
}

function readEnd(flag: string, text: string | undefined): number | null {
  return text === undefined ? null : readMoment(flag, text);
}

function named(error: unknown): never {
  if (!isNoStatement(error)) throw error;
  const { kind, reason, message, facts } = error.error;
  throw new CommandFailed(reason === 'STATEMENT_DOES_NOT_ADD_UP' ? EXIT.differences : exitCodeOf(kind), `${reason}: ${message}`, { reason, ...facts });
}

/** For --json: beside moments in microseconds, what tables show of them. */
function dated(statement: Statement): object {
  return {
    ...statement,
    openingAt: statement.openingUs === null ? null : moment(statement.openingUs),
    closingAt: moment(statement.closingUs),
    movements: statement.movements.map((line) => ({ ...line, committedAt: line.commitUs === null ? null : moment(line.commitUs) })),
  };
}

function statementTable(statement: Statement): string {
  const { account, owner, currency, openingUs, openingMinor, movements, closingUs, closingMinor } = statement;
  const rows = [
    ...(openingUs === null ? [] : [[moment(openingUs), 'opening balance', '', money(openingMinor, currency), '', '']]),
    ...movements.map((line) => [
      timeOf(line),
      line.kind === 'opened' ? 'opened' : line.payment,
      signed(line, statement),
      money(line.balanceMinor, currency),
      line.counterparties.join(', '),
      line.memo,
    ]),
    [moment(closingUs), 'closing balance', '', money(closingMinor, currency), '', ''],
  ];
  const title = `${account}${owner === '' ? '' : `, ${stored(owner)}`}: ${movements.length} movement${movements.length === 1 ? '' : 's'}`;
  return `${title}\n${table(['commit time', 'payment', 'amount', 'balance', 'with', 'memo'], rows, [2, 3], ['memo', 'with'])}`;
}

const CSV_HEAD = ['time', 'kind', 'payment', 'amount', 'balance', 'currency', 'counterparties', 'memo', 'txn'];

/** Amounts without a currency, so that they are numbers; first and last row are the balances. */
function statementCsv(statement: Statement): string {
  const { currency, openingUs, openingMinor, movements, closingUs, closingMinor } = statement;
  const balance = (us: number | null, kind: string, minor: bigint): readonly string[] => [
    ...[moment(us), kind, '', '', formatAmount(minor, currency), currency, '', '', ''],
  ];
  return csvText(CSV_HEAD, [
    balance(openingUs, 'opening balance', openingMinor),
    ...movements.map((line) => [
      ...[timeOf(line), line.kind, foreign(line.payment), formatAmount(line.amountMinor, currency), formatAmount(line.balanceMinor, currency), currency],
      ...[foreign(line.counterparties.join(' ')), foreign(line.memo), line.txn],
    ]),
    balance(closingUs, 'closing balance', closingMinor),
  ]);
}

function timeOf({ commitUs, atMs }: StatementLine): string {
  return commitUs === null ? time(atMs) : moment(commitUs);
}

function signed({ amountMinor }: StatementLine, { currency }: Statement): string {
  return `${amountMinor > 0n ? '+' : ''}${money(amountMinor, currency)}`;
}
