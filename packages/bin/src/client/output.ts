/** What a command prints: a table or a few lines for people, one JSON document for programs (--json). */
import Table from 'cli-table3';
import pc from 'picocolors';
import { formatAmount, type AmountMinor, type Currency } from '@mas/values';

export interface Output {
  /** `value` for --json; `people` otherwise. */
  print(value: unknown, people: () => string): void;
  readonly json: boolean;
}

export function createOutput(json: boolean, write: (text: string) => void): Output {
  return {
    json,
    print: (value, people) => write(`${json ? toJson(value) : people()}\n`),
  };
}

/** Amounts are strings of minor units: JSON numbers end at 2^53. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return inner.toString();
    return inner instanceof Map ? (Object.fromEntries(inner) as unknown) : inner;
  });
}

export function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const made = new Table({ head: [...head], style: { head: pc.isColorSupported ? ['bold'] : [], border: pc.isColorSupported ? ['gray'] : [] }, colAligns: head.map((_, at) => (right.includes(at) ? 'right' : 'left')) });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

export function money(amountMinor: AmountMinor, currency: Currency): string {
  return `${formatAmount(amountMinor, currency)} ${currency}`;
}

export function time(atMs: number | null): string {
  return atMs === null ? '' : new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
}

export function coloured(state: string): string {
  if (/^(COMMITTED|committed|open|OK|leader)$/.test(state)) return pc.green(state);
  if (/^(ABORTED|aborted|closed)$/.test(state)) return pc.red(state);
  return /^(PENDING|prepared|UNKNOWN|frozen)$/.test(state) ? pc.yellow(state) : state;
}
