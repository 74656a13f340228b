/**
 * Money is an integer of minor units (cents) as bigint, with a currency beside it; decimals are parsed and
 * printed exactly, here and nowhere else. The range is that of a signed 64-bit integer, as in proto and SQL.
 */
import type { Brand } from './brand';
import { invariant } from './invariant';
import { err, ok, type Result } from './result';

/** Minor units of the account's currency. */
export type AmountMinor = bigint;
/** Three upper-case letters, ISO 4217 form. */
export type Currency = Brand<string, 'Currency'>;

export const MAX_AMOUNT_MINOR = 9_223_372_036_854_775_807n;
export const DEFAULT_CURRENCY = 'USD' as Currency;

export type MoneyRefusal = 'AMOUNT_NOT_A_DECIMAL' | 'AMOUNT_TOO_PRECISE' | 'AMOUNT_TOO_LARGE' | 'CURRENCY_INVALID';

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;
/** ISO 4217 currencies whose minor unit is not 1/100; every other code has two digits. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

export function parseCurrency(text: string): Result<Currency, 'CURRENCY_INVALID'> {
  return /^[A-Z]{3}$/.test(text) ? ok(text as Currency) : err('CURRENCY_INVALID');
}

export function currency(text: string): Currency {
  invariant(/^[A-Z]{3}$/.test(text), 'currency is three upper-case letters', { text });
  return text as Currency;
}

/** Digits behind the decimal point, 0 … 4. */
export function minorDigits(code: Currency): number {
  return MINOR_DIGITS[code] ?? 2;
}

/** `"12.5"` in USD is 1250n. Trailing zeros beyond the currency's digits are accepted, other digits are too precise. */
export function parseAmount(text: string, code: Currency): Result<AmountMinor, MoneyRefusal> {
  const match = DECIMAL.exec(text.trim());
  if (match === null) return err('AMOUNT_NOT_A_DECIMAL');
  const [, sign = '', whole = '0', fraction = ''] = match;
  const digits = minorDigits(code);
  if (/[1-9]/.test(fraction.slice(digits))) return err('AMOUNT_TOO_PRECISE');
  const magnitude = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  if (magnitude > MAX_AMOUNT_MINOR) return err('AMOUNT_TOO_LARGE');
  return ok(sign === '-' ? -magnitude : magnitude);
}

/** The exact inverse of parseAmount: 1250n in USD is `"12.50"`. */
export function formatAmount(amountMinor: AmountMinor, code: Currency): string {
  const digits = minorDigits(code);
  const negative = amountMinor < 0n;
  const text = (negative ? -amountMinor : amountMinor).toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${negative ? '-' : ''}${whole}${digits === 0 ? '' : `.${text.slice(-digits)}`}`;
}

/** True iff the value fits a signed 64-bit integer. */
export function fitsInt64(amountMinor: AmountMinor): boolean {
  return amountMinor <= MAX_AMOUNT_MINOR && amountMinor >= -MAX_AMOUNT_MINOR - 1n;
}

/** For fields that are kept for those who read no exact sum. */
export function nearestInt64(amountMinor: AmountMinor): AmountMinor {
  if (fitsInt64(amountMinor)) return amountMinor;
  return amountMinor > 0n ? MAX_AMOUNT_MINOR : -MAX_AMOUNT_MINOR - 1n;
}
