/** Arguments that several commands share, each refused with what would be right. */
import { parseAccountNumber, type AccountNumber } from '@mas/values';
import { UsageError } from '../usage-error';

const LEVELS = ['committed', 'uncommitted', 'cached'] as const;
const MAX_PAGE_SIZE = 500;

export function readLevel(text: string): (typeof LEVELS)[number] {
  return oneOf('--level', text, LEVELS);
}

export function oneOf<const Choice extends string>(flag: string, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new UsageError(`${flag} is "${text}"; expected ${choices.join(', ')}`);
  return found;
}

export function readPageSize(text: string): number {
  return readWhole('--limit', text, 1, MAX_PAGE_SIZE);
}

export function readWhole(flag: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < minimum || value > maximum)
    throw new UsageError(`${flag} is "${text}"; expected a whole number from ${minimum} to ${maximum}`);
  return value;
}

/** `90`, `90s`, `15m`, `24h`, `30d`: seconds. */
export function readDuration(flag: string, text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  const unit = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match?.[2] ?? ''];
  if (match === null || unit === undefined) throw new UsageError(`${flag} is "${text}"; expected a duration like 90s, 15m, 24h or 30d`);
  return Number(match[1]) * unit;
}

/** An account number, before anything is made of it: what is wrong with it is the account's fault, not that of an id with it in it. */
export function readAccount(flag: string, text: string): AccountNumber {
  const parsed = parseAccountNumber(text);
  if (!parsed.ok) throw new UsageError(`${flag} is "${text}"; an account number has letters, digits and . _ : @ - only, 64 at most`);
  return parsed.value;
}

/** Names the sender's account, so that the decision lives in its bucket and the payment needs one bucket less. */
export function mintPaymentId(sender: AccountNumber | undefined): string {
  return sender === undefined ? crypto.randomUUID() : `{${sender}}${crypto.randomUUID()}`;
}
