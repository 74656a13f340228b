/** Sums per currency as a list ascending by currency, so that equal maps are equal bytes. */
import type { AmountMinor, Currency } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

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
  writer.int64(2, total);
}

function readTotal(reader: WireReader): Total {
  return [reader.currency(1), reader.int64(2)];
}
