/** Sums per currency in JSON columns. */
import type { AmountMinor, Currency } from '@mas/values';
import { asArray, asCurrency, asText } from './raw-values';

/** In the order of the currencies' codes, so that equal totals are equal bytes. */
export function coldTotals(totals: ReadonlyMap<Currency, AmountMinor>): readonly unknown[] {
  return [...totals].sort(([left], [right]) => (left < right ? -1 : 1)).map(([code, amount]) => [code, amount.toString()]);
}

export function warmTotals(value: unknown): ReadonlyMap<Currency, AmountMinor> {
  const entries = asArray(value, 'totals').map((entry) => {
    const [code, amount] = asArray(entry, 'total');
    return [asCurrency(code), BigInt(asText(amount, 'total'))] as const;
  });
  return new Map(entries);
}
