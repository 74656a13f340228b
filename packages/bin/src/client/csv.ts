/**
 * Comma-separated values (RFC 4180) for spreadsheets and scripts: amounts as plain decimals, times in UTC, control characters as their codes. A text of others that a
 * spreadsheet would take for a formula begins with an apostrophe; --json has every text as it is.
 */
import { stringify } from 'csv-stringify/sync';
import { visible } from './visible';

/** What spreadsheets evaluate. */
const FORMULA = /^[=+\-@\t\r]/;

export function csvText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return stringify([head, ...rows].map((row) => [...row]));
}

/** A text that others have chosen. */
export function foreign(text: string): string {
  const shown = visible(text);
  return FORMULA.test(shown) ? `'${shown}` : shown;
}
