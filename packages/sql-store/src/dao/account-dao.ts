/** AccountDAO: the accounts of a bucket, with their balances, holds and pending credits. */
import type { Kysely } from 'kysely';
import type { AccountRow } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { AccountNumber } from '@mas/values';
import { ACCOUNT_TEXT } from '../rows/account-text';
import type { Schema } from '../schema/schema';
import type { SqlDialect } from '../sql-dialect';
import { GenerationRows, type Generation } from './generation-rows';

export class AccountDAO extends GenerationRows<AccountRow> {
  constructor(executor: Kysely<Schema>, dialect: SqlDialect, at: Generation) {
    super(executor, dialect, at, ACCOUNT_TEXT);
  }

  lookupsOf(numbers: readonly AccountNumber[]): readonly string[] {
    return this.lookups(numbers.map((number) => [slotOfAccount(number), number]));
  }
}
