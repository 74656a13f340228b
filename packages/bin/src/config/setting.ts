/**
 * Settings come from a flag, else from the environment (MAS_*), else from a default. Every wrong one is reported, each
 * in one line that names the flag, the variable, the value and what would be right; nothing starts before all are right.
 */
import { z } from 'zod';
import { UsageError } from '../usage-error';
import { hostPortAdvice, parseHostPort, type HostPort } from './host-port';

export interface Setting<Schema extends z.ZodType = z.ZodType> {
  /** Without dashes: `listen` is `--listen`. */
  readonly flag: string;
  /** `MAS_LISTEN`. */
  readonly variable: string;
  readonly placeholder: string;
  readonly help: string;
  /** As text, like everything that comes from outside; undefined: required. */
  readonly fallback: string | undefined;
  readonly schema: Schema;
  /** Never repeated in a message: what is given may be a secret. */
  readonly secret?: true;
}

export type Settings = Readonly<Record<string, Setting>>;
export type Values<Of extends Settings> = { readonly [Name in keyof Of]: z.output<Of[Name]['schema']> };

export function setting<Schema extends z.ZodType>(
  flag: string,
  placeholder: string,
  help: string,
  fallback: string | undefined,
  schema: Schema,
  variable?: string,
): Setting<Schema> {
  return { flag, variable: variable ?? `MAS_${flag.toUpperCase().replaceAll('-', '_')}`, placeholder, help, fallback, schema };
}

export function secret<Of extends Setting>(one: Of): Of & { readonly secret: true } {
  return { ...one, secret: true };
}

/** @throws UsageError that lists every wrong setting. */
export function readSettings<Of extends Settings>(settings: Of, flags: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): Values<Of> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(settings)) {
    const flagValue = flags[camelCase(one.flag)];
    // A switch without a value is on.
    const given = flagValue === true ? 'true' : flagValue;
    const text = typeof given === 'string' ? given : (environment[one.variable] ?? one.fallback);
    if (text === undefined) {
      problems.push(`--${one.flag} (or ${one.variable}) is missing: ${one.help}`);
      continue;
    }
    const parsed = one.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(
        `--${one.flag} (or ${one.variable}) ${one.secret === true ? 'is wrong' : `is "${text}"`}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`,
      );
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return values as Values<Of>;
}

/** What is wrong with a bound, in the words of the setting that it comes from; a bound that has no setting keeps its own. */
export function inWordsOf(settings: Settings, bound: string, message: string): string {
  const one = settings[bound];
  return one === undefined ? message : `--${one.flag} (or ${one.variable}): ${message}`;
}

/** commander names `--data-dir` `dataDir`. */
function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export const integer = (minimum: number, maximum: number): z.ZodType<number> =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    context.addIssue(`expected a whole number from ${minimum} to ${maximum}`);
    return z.NEVER;
  });

export const oneOf = <const Choices extends readonly [string, ...string[]]>(choices: Choices): z.ZodType<Choices[number]> =>
  z.enum(choices, { error: `expected one of ${choices.join(', ')}` });

/** A switch; its placeholder is `[true|false]`. */
export const onOrOff = (): z.ZodType<boolean> => oneOf(['true', 'false']).transform((value) => value === 'true');

export const text = (): z.ZodType<string> => z.string().min(1, 'expected a value');

/** `host:port`, `:port` (all interfaces stay closed: localhost) or `port`. */
export const listenAddress = (): z.ZodType<HostPort> =>
  z.string().transform((value, context) => {
    const parsed = parseHostPort(/^:?\d+$/.test(value) ? `localhost:${value.replace(':', '')}` : value);
    if (parsed !== null) return parsed;
    context.addIssue(hostPortAdvice(value));
    return z.NEVER;
  });

/** `localhost:9008,localhost:9018`. @param example for whoever gave something else */
export const addressList = (example: string, most = Number.POSITIVE_INFINITY): z.ZodType<readonly string[]> =>
  z.string().transform((value, context) => {
    const list = value.split(',').map((address) => address.trim());
    const wrong = list.find((address) => (parseHostPort(address)?.port ?? 0) === 0);
    if (wrong === undefined && list.length <= most) return list;
    context.addIssue(wrong === undefined ? `expected ${most} addresses at most` : `"${wrong}" is not HOST:PORT; expected a list like ${example}`);
    return z.NEVER;
  });
