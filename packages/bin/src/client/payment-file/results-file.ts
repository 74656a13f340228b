/**
 * What became of each payment of a file, as CSV. Lines are added as answers come, so whatever ends the program leaves them; whoever comes again reads them and asks only
 * for the rest. A line that was lost costs nothing: its payment is asked for again under the same id. In the end it has one line for each payment, in the file's order.
 */
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { UsageError } from '../../usage-error';
import { csvText, foreign } from '../csv';
import type { PaymentRow } from './payment-file';

/** REFUSED: the cluster does not take it as it is. UNKNOWN: it may have happened; OPEN: it has not been asked for. */
export type PaymentState = 'COMMITTED' | 'ABORTED' | 'REFUSED' | 'UNKNOWN' | 'OPEN';

export interface PaymentOutcome {
  readonly row: PaymentRow;
  readonly state: PaymentState;
  /** '' where there is none. */
  readonly reason: string;
  /** RFC 3339 in UTC; ''. */
  readonly at: string;
  readonly txn: string;
}

const HEAD = ['line', 'from', 'to', 'amount', 'currency', 'state', 'reason', 'at', 'txn', 'id'];
/** Asked again, they are answered the same. */
const FINAL: readonly string[] = ['COMMITTED', 'ABORTED'];
const OWNER_ONLY = 0o600;

export class ResultsFile {
  /** By line. */
  private readonly outcomes = new Map<number, PaymentOutcome>();

  private constructor(
    private readonly path: string,
    private readonly rows: readonly PaymentRow[],
  ) {}

  /** @throws UsageError for a file that is something else, or has the results of other payments: it is never written over */
  static open(path: string, rows: readonly PaymentRow[]): ResultsFile {
    const file = new ResultsFile(path, rows);
    try {
      if (existsSync(path)) file.readBack();
      else writeFileSync(path, csvText(HEAD, []), { mode: OWNER_ONLY, flag: 'wx' });
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`cannot write the results: ${error instanceof Error ? error.message : String(error)}; choose another file with --result`);
    }
    return file;
  }

  /** What is yet to be asked for, in the file's order. */
  openRows(): readonly PaymentRow[] {
    return this.rows.filter(({ line }) => !FINAL.includes(this.outcomes.get(line)?.state ?? ''));
  }

  get answered(): number {
    return this.outcomes.size;
  }

  count(state: PaymentState): number {
    return this.all().filter((outcome) => outcome.state === state).length;
  }

  add(outcomes: readonly PaymentOutcome[]): void {
    for (const outcome of outcomes) this.outcomes.set(outcome.row.line, outcome);
    appendFileSync(this.path, outcomes.map((outcome) => csvText(fieldsOf(outcome), [])).join(''));
  }

  /** One line each, written beside and put in place. */
  finish(): void {
    const beside = `${this.path}.new`;
    writeFileSync(beside, csvText(HEAD, this.all().map(fieldsOf)), { mode: OWNER_ONLY });
    const descriptor = openSync(beside, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(beside, this.path);
  }

  private all(): readonly PaymentOutcome[] {
    return this.rows.map((row) => this.outcomes.get(row.line) ?? { row, state: 'OPEN', reason: '', at: '', txn: '' });
  }

  private readBack(): void {
    const bytes = readFileSync(this.path);
    // Of a program that was ended while it wrote.
    const wholeBytes = bytes.lastIndexOf('\n') + 1;
    const byLine = new Map(this.rows.map((row) => [row.line, row]));
    for (const record of this.recordsOf(bytes.subarray(0, wholeBytes).toString('utf8'))) {
      const row = byLine.get(Number(record['line']));
      if (row === undefined || row.id !== record['id'])
        throw new UsageError(`${this.path} has the results of other payments, of this file before it was changed perhaps: choose another one with --result`);
      const { state = '', reason = '', at = '', txn = '' } = record;
      if (FINAL.includes(state)) this.outcomes.set(row.line, { row, state: state as PaymentState, reason, at, txn });
    }
    if (wholeBytes < bytes.length) truncateSync(this.path, wholeBytes);
  }

  private recordsOf(text: string): readonly Readonly<Record<string, string>>[] {
    try {
      const [head, ...records] = parse(text) as string[][];
      if (head?.join() === HEAD.join()) return records.map((record) => Object.fromEntries(HEAD.map((name, at) => [name, record[at] ?? ''])));
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
    }
    throw new UsageError(`${this.path} is no file of results: choose another one with --result`);
  }
}

function fieldsOf({ row, state, reason, at, txn }: PaymentOutcome): readonly string[] {
  return [String(row.line), row.from, row.to, row.amount, row.currency, state, foreign(reason), at, txn, row.id];
}
