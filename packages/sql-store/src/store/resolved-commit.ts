/**
 * SQL transactions that begin by reading, under the meta row's lock, whether they have already happened. So a COMMIT of
 * unknown effect is resolved by running the same thing again: it writes what is missing, or finds itself done.
 */
import type { Kysely, Transaction } from 'kysely';
import { StoreUnavailable } from '@mas/resource-manager';
import type { Schema } from '../schema/schema';
import type { SqlDatabase } from '../sql-database';
import { inTransaction } from './sql-transaction';

const MAX_ATTEMPTS = 3;

/** @throws StoreUnavailable; effectUnknown iff a COMMIT went unanswered and the row could not be read again either */
export async function committedOnce<Result>(
  database: SqlDatabase,
  connections: Kysely<Schema>,
  what: string,
  work: (trx: Transaction<Schema>) => Promise<Result>,
): Promise<Result> {
  let unknown: StoreUnavailable | null = null;
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(database, connections, what, work);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      if (!error.effectUnknown && unknown !== null) throw new StoreUnavailable(unknown.message, true, { cause: error });
      if (!error.effectUnknown || attempt === MAX_ATTEMPTS) throw error;
      unknown = error;
    }
  }
}
