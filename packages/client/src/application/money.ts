/** Money is a bigint of minor units (cents) with its currency beside it; decimals are read and written exactly, and never go through a float. */
import { formatAmount, minorDigits, parseAmount, parseCurrency, type MoneyRefusal } from '@mas/values';
import { failed, success, type Outcome } from './outcome';

const MESSAGES: Readonly<Record<MoneyRefusal, string>> = {
  AMOUNT_NOT_A_DECIMAL: 'An amount is a plain decimal number like 12.50.',
  AMOUNT_TOO_PRECISE: 'The amount has more digits behind the decimal point than its currency.',
  AMOUNT_TOO_LARGE: 'The amount does not fit 64 bits of minor units.',
  CURRENCY_INVALID: 'A currency is three upper-case letters, like USD.',
};

/** `"12.50"` in USD is 1250n, `"12"` in JPY is 12n; nothing is rounded. */
export function toMinor(decimal: string, currency: string): Outcome<bigint> {
  const code = parseCurrency(currency);
  const parsed = code.ok ? parseAmount(decimal, code.value) : code;
  return parsed.ok ? success(parsed.value) : failed('invalid', parsed.error, MESSAGES[parsed.error], { field: code.ok ? 'amount' : 'currency' });
}

/** The exact inverse: 1250n in USD is `"12.50"`. @throws RangeError for what is not a currency's code */
export function toDecimal(amountMinor: bigint, currency: string): string {
  return formatAmount(amountMinor, codeOf(currency));
}

/** Behind the decimal point. @throws RangeError for what is not a currency's code */
export function digitsOf(currency: string): number {
  return minorDigits(codeOf(currency));
}

function codeOf(currency: string): Parameters<typeof minorDigits>[0] {
  const code = parseCurrency(currency);
  if (!code.ok) throw new RangeError(MESSAGES.CURRENCY_INVALID);
  return code.value;
}
