/** Money in requests: exact minor units, or a decimal text that is parsed exactly. */
import type { Reply } from '@mas/transaction-coordinator';
import { DEFAULT_CURRENCY, fitsInt64, minorDigits, parseAmount, parseCurrency, type AmountMinor, type Currency, type MoneyRefusal } from '@mas/values';
import { accepted, invalid } from '../errors/request-errors';
import type { Amount } from '../generated/mas/v1/payment';

export interface Money {
  readonly amountMinor: AmountMinor;
  readonly currency: Currency;
}

export function validCurrency(text: string, field: string): Reply<Currency> {
  if (text === '') return accepted(DEFAULT_CURRENCY);
  const parsed = parseCurrency(text);
  return parsed.ok ? parsed : invalid('CURRENCY_INVALID', field, 'A currency is three upper-case letters, like USD.');
}

/** > 0. */
export function validPositiveAmount(amount: Amount | undefined, field: string): Reply<Money> {
  if (amount?.value === undefined) return invalid('AMOUNT_MISSING', field, 'Give an amount, in minor units or as a decimal text.');
  const money = validAmount(amount, field);
  if (!money.ok || money.value.amountMinor > 0n) return money;
  return invalid('AMOUNT_NOT_POSITIVE', field, 'An amount is above zero.');
}

/** Any sign. Without a value: zero. */
export function validAmount(amount: Amount, field: string): Reply<Money> {
  const currency = validCurrency(amount.currency, `${field}.currency`);
  if (!currency.ok) return currency;
  if (amount.value === undefined) return accepted({ amountMinor: 0n, currency: currency.value });
  if (amount.value.$case === 'minor') {
    const amountMinor = amount.value.value;
    return fitsInt64(amountMinor) ? accepted({ amountMinor, currency: currency.value }) : refusedAmount('AMOUNT_TOO_LARGE', field, currency.value);
  }
  const parsed = parseAmount(amount.value.value, currency.value);
  return parsed.ok ? accepted({ amountMinor: parsed.value, currency: currency.value }) : refusedAmount(parsed.error, field, currency.value);
}

function refusedAmount(name: MoneyRefusal, field: string, currency: Currency): Reply<Money> {
  const messages: Readonly<Record<MoneyRefusal, string>> = {
    AMOUNT_NOT_A_DECIMAL: 'An amount is a plain decimal number like 12.50.',
    AMOUNT_TOO_PRECISE: `${currency} has ${minorDigits(currency)} digits behind the decimal point; this amount has more.`,
    AMOUNT_TOO_LARGE: 'The amount does not fit 64 bits of minor units.',
    CURRENCY_INVALID: 'A currency is three upper-case letters, like USD.',
  };
  return invalid(name, field, messages[name]);
}
