/** What a command prints: a table or a few lines for people, one JSON document for programs (--json). */
import pc from 'picocolors';
import { formatAmount, type AmountMinor, type Currency } from '@mas/values';
import { UsageError } from '../usage-error';
import { visible, visibleJson, visibleLines } from './visible';

export { table } from './table';

export interface Output {
  /** `value` for --json; `people` otherwise. */
  print(value: unknown, people: () => string): void;
  /** With --csv, a text in its form. */
  csv(text: string): void;
  /** Before all of it is shown once more. False: nobody takes it any more. */
  again(): Promise<boolean>;
  readonly json: boolean;
}

export function createOutput(json: boolean, write: (text: string) => void, again: () => Promise<boolean>): Output {
  return {
    json,
    again,
    print: (value, people) => write(`${json ? toJson(value) : visibleLines(people())}\n`),
    csv: (text) => {
      if (json) throw new UsageError('give either --csv or --json');
      write(text);
    },
  };
}

/** Amounts are strings of minor units: JSON numbers end at 2^53. */
export function toJson(value: unknown): string {
  return visibleJson(
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === 'bigint') return inner.toString();
      return inner instanceof Map ? (Object.fromEntries(inner) as unknown) : inner;
    }),
  );
}

export function money(amountMinor: AmountMinor, currency: Currency): string {
  return `${formatAmount(amountMinor, currency)} ${currency}`;
}

/** RFC 3339 in UTC, and so marked: what is printed can be given back as it is, and means the same wherever it is read. */
export function time(atMs: number | null): string {
  return atMs === null ? '' : new Date(atMs).toISOString();
}

/** A moment in the order of payments, the same way, to the microsecond. */
export function moment(us: number | null): string {
  return us === null ? '' : time(Math.floor(us / 1_000)).replace('Z', `${String(us % 1_000).padStart(3, '0')}Z`);
}

/** What others have stored, for a line. Tables do it by themselves. */
export const stored = visible;

export function coloured(state: string): string {
  if (/^(COMMITTED|committed|open|OK|leader)$/.test(state)) return pc.green(state);
  if (/^(ABORTED|aborted|closed|stopped)$/.test(state)) return pc.red(state);
  return /^(PENDING|prepared|UNKNOWN|frozen)$/.test(state) ? pc.yellow(state) : state;
}
