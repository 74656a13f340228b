/**
 * One SQL transaction, with what may go wrong around it: conflicts and lost connections before COMMIT are run again, a
 * bounded number of times; a COMMIT without an answer is said to be of unknown effect, never guessed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { StoreUnavailable } from '@mas/resource-manager';
import type { Schema } from '../schema/schema';
import type { SqlDatabase } from '../sql-database';

const MAX_CONFLICTS = 5;
const MAX_LOST_CONNECTIONS = 2;
const CONFLICT_DELAY_MS = 5;

/**
 * `work` may run several times, each time in a new SQL transaction. Its own errors pass through, after a rollback.
 * @throws StoreUnavailable; effectUnknown iff COMMIT was sent and not answered
 */
export async function inTransaction<Result>(
  database: SqlDatabase,
  connections: Kysely<Schema>,
  what: string,
  work: (trx: Transaction<Schema>) => Promise<Result>,
): Promise<Result> {
  let conflicts = 0;
  let lostConnections = 0;
  for (;;) {
    let committing = false;
    try {
      return await connections.transaction().execute(async (trx) => {
        const result = await work(trx);
        committing = true;
        return result;
      });
    } catch (error) {
      const failure = database.classify(error);
      if (failure === 'other') throw error;
      if (failure === 'conflict' && conflicts < MAX_CONFLICTS) {
        conflicts++;
        await delay(CONFLICT_DELAY_MS * conflicts);
      } else if (failure === 'connection-lost' && !committing && lostConnections < MAX_LOST_CONNECTIONS) {
        lostConnections++;
      } else {
        throw unavailable(database, what, error, committing && failure !== 'conflict');
      }
    }
  }
}

/** Reads and single statements, whose failure has no unknown effect. */
export async function answered<Result>(database: SqlDatabase, what: string, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const failure = database.classify(error);
      if (failure === 'other') throw error;
      if (failure !== 'connection-lost' || attempt > MAX_LOST_CONNECTIONS) throw unavailable(database, what, error, false);
    }
  }
}

export function unavailable(database: SqlDatabase, what: string, cause: unknown, effectUnknown: boolean): StoreUnavailable {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreUnavailable(`${what}: ${database.description} ${effectUnknown ? 'did not answer a COMMIT' : 'is not available'} (${reason})`, effectUnknown, {
    cause,
  });
}
