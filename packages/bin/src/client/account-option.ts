/**
 * An account is named the same way by every command that is about accounts: as an argument or with --number, whichever comes to mind
 * (`account get abc`, `account create --number abc`).
 */
import type { AccountNumber } from '@mas/values';
import type { Command } from 'commander';
import { UsageError } from '../usage-error';
import { readAccount } from './arguments';

const MISSING = 'the account is missing: give its number as an argument or with --number';

export interface AccountOption {
  readonly number?: string;
}

export interface AccountsOption {
  readonly number?: readonly string[];
}

export function namesOneAccount(command: Command): Command {
  return command.argument('[number]', 'account number (or --number)').option('--number <number>', 'the same as the argument');
}

export function namesAccounts(command: Command): Command {
  return command.argument('[number...]', 'account numbers (or --number)').option('--number <number...>', 'the same as the arguments');
}

/** @param given the ways in which it may have been named. @throws UsageError for none, for two that differ, and for one that is none */
export function chosenAccount(...given: readonly (string | undefined)[]): AccountNumber {
  const [text, other] = new Set(given.filter((one) => one !== undefined));
  if (text === undefined) throw new UsageError(MISSING);
  if (other !== undefined) throw new UsageError(`two accounts are named, "${text}" and "${other}": give one`);
  return readAccount('the account', text);
}

export function chosenAccounts(given: readonly string[], { number = [] }: AccountsOption): readonly AccountNumber[] {
  if (given.length + number.length === 0) throw new UsageError(MISSING);
  return [...given, ...number].map((text) => readAccount('the account', text));
}
