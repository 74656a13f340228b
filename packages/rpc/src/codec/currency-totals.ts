/**
 * Sums per currency as a list ascending by currency, so that equal maps are equal bytes. Each account's balance fits 64
 * bits, the sum of many need not.
 */
import { fitsInt64, type AmountMinor, type Currency } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

/** Digits of the sum of 2^53 balances of 64 bits, and some more. */
const MANY_DIGITS = /^-?[1-9][0-9]{18,39}$/;

type Total = readonly [currency: Currency, total: AmountMinor];

export function writeTotals(writer: WireWriter, field: number, totals: ReadonlyMap<Currency, AmountMinor>): void {
  const ascending = [...totals].sort(([left], [right]) => (left < right ? -1 : 1));
  writer.messages(field, ascending, writeTotal);
}

export function readTotals(reader: WireReader, field: number): ReadonlyMap<Currency, AmountMinor> {
  const totals = reader.messages(field, readTotal);
  for (let i = 1; i < totals.length; i += 1) {
    if ((totals[i - 1]?.[0] ?? '') >= (totals[i]?.[0] ?? '')) reader.fail('currencies are out of order');
  }
  return new Map(totals);
}

function writeTotal(writer: WireWriter, [code, total]: Total): void {
  writer.text(1, code);
  if (fitsInt64(total)) writer.int64(2, total);
  else writer.text(3, total.toString());
}

function readTotal(reader: WireReader): Total {
  const code = reader.currency(1);
  const total = reader.int64(2);
  const beyond = reader.text(3);
  return [code, beyond === '' ? total : beyond64Bits(reader, total, beyond)];
}

/** One form for each sum: text is for what an int64 cannot say, and for nothing else. */
function beyond64Bits(reader: WireReader, total: AmountMinor, text: string): AmountMinor {
  const exact = MANY_DIGITS.test(text) ? BigInt(text) : 0n;
  return total !== 0n || fitsInt64(exact) ? reader.fail('a sum is written in two ways') : exact;
}
