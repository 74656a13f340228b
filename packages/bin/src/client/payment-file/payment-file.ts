/**
 * A file of payments: CSV (RFC 4180) with a head line. All of it is read and checked before the first payment is made. A payment's id is made of the file's content
 * and the line, so the same file asked again pays nothing twice; a file with one byte changed is another file.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { parseAccountNumber, parseAmount, parseCurrency } from '@mas/values';
import { UsageError } from '../../usage-error';

export interface PaymentRow {
  /** Of the file, from 1. */
  readonly line: number;
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** A decimal, as it stands there. */
  readonly amount: string;
  readonly currency: string;
  readonly memo: string;
}

const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_PAYMENTS = 200_000;
const NEEDED = ['from', 'to', 'amount'];
const OPTIONAL = ['currency', 'memo'];
/** How many of a file's mistakes are told. */
const MAX_TOLD = 10;

/** @throws UsageError with the first mistakes and their lines */
export function readPaymentFile(path: string, currency: string): readonly PaymentRow[] {
  const bytes = contentOf(path);
  const file = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const records = recordsOf(path, bytes);
  if (records.length > MAX_PAYMENTS) throw new UsageError(`${path}: nothing was paid; it has more than ${MAX_PAYMENTS} payments: pay it in parts`);
  const mistakes: string[] = [];
  const rows = records.map(({ record, info }): PaymentRow => {
    const { from = '', to = '', amount = '', memo = '' } = record;
    const row = { line: info.lines, id: `{${from}}file-${file}-${info.lines}`, from, to, amount, currency: record['currency'] || currency, memo };
    const mistake = mistakeIn(row);
    if (mistake !== null) mistakes.push(`line ${row.line}: ${mistake}`);
    return row;
  });
  if (mistakes.length > 0) {
    const more = mistakes.length - MAX_TOLD;
    throw new UsageError(`${path}: nothing was paid; ${mistakes.slice(0, MAX_TOLD).join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
  }
  if (rows.length === 0) throw new UsageError(`${path} has no payments`);
  return rows;
}

function contentOf(path: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > MAX_FILE_BYTES) throw new UsageError(`${path} has ${size} bytes; ${MAX_FILE_BYTES} at most: pay it in parts`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface LineOfFile {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

function recordsOf(path: string, bytes: Buffer): readonly LineOfFile[] {
  if (!isUtf8(bytes)) throw new UsageError(`${path}: nothing was paid; it is not UTF-8`);
  try {
    return parse(bytes, {
      columns: checkedHead,
      info: true,
      bom: true,
      skip_empty_lines: true,
      trim: true,
      to: MAX_PAYMENTS + 1,
    }) as unknown as readonly LineOfFile[];
  } catch (error) {
    if (error instanceof CsvError) throw new UsageError(`${path}: nothing was paid; ${error.message}`);
    throw error;
  }
}

function checkedHead(head: readonly string[]): string[] {
  const unknown = head.filter((name) => !NEEDED.includes(name) && !OPTIONAL.includes(name));
  const isOnce = new Set(head).size === head.length;
  if (unknown.length > 0 || !isOnce || !NEEDED.every((name) => head.includes(name)))
    throw new UsageError(
      `nothing was paid; the first line is "${head.join(',')}"; expected from,to,amount and where wanted currency,memo, in any order, each once`,
    );
  return [...head];
}

function mistakeIn({ from, to, amount, currency }: PaymentRow): string | null {
  for (const number of [from, to]) if (!parseAccountNumber(number).ok) return `"${number}" is no account number`;
  const code = parseCurrency(currency);
  if (!code.ok) return `"${currency}" is no currency, which is three capital letters`;
  const parsed = parseAmount(amount, code.value);
  if (!parsed.ok) return `"${amount}" is no amount of ${currency} (${parsed.error})`;
  return parsed.value > 0n ? null : `"${amount}" is not more than nothing`;
}
