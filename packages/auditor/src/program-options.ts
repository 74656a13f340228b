/** What a person typed after the name of a program that proves something. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

const WRONG_INPUT = 2;

/** Ends the process with `usage` where that is asked for (0), or where an option is none (2, with one line more). */
export function programOptions<T extends Options>(usage: string, options: T): Values<T> {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' as const } } });
    if (!('help' in values) || values.help !== true) return values as Values<T>;
    process.stdout.write(`${usage}\n`);
    return process.exit(0);
  } catch (error) {
    return endsWrong(usage, error instanceof Error ? error.message : String(error));
  }
}

export function endsWrong(usage: string, problem: string): never {
  process.stderr.write(`${problem}\n${usage}\n`);
  return process.exit(WRONG_INPUT);
}

/** @returns null: it is none. */
export function wholeNumber(text: string | undefined, fallback: number, least = 0): number | null {
  const value = text === undefined ? fallback : Number(text === '' ? NaN : text);
  return Number.isSafeInteger(value) && value >= least ? value : null;
}
