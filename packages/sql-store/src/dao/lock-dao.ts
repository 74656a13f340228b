/** LockDAO: the locks of a bucket. */
import type { Kysely } from 'kysely';
import type { LockRow } from '@mas/ledger';
import type { Slot } from '@mas/values';
import { LOCK_TEXT } from '../rows/lock-text';
import type { Schema } from '../schema/schema';
import type { SqlDialect } from '../sql-dialect';
import { GenerationRows, type Generation } from './generation-rows';

export interface LockKey {
  readonly slot: Slot;
  /** lockKey. */
  readonly key: string;
}

export class LockDAO extends GenerationRows<LockRow> {
  constructor(executor: Kysely<Schema>, dialect: SqlDialect, at: Generation) {
    super(executor, dialect, at, LOCK_TEXT);
  }

  /** One statement each: locks are rare. */
  async remove(keys: readonly LockKey[]): Promise<void> {
    for (const key of keys) {
      await this.executor
        .deleteFrom('bucket_lock')
        .where('bucket', '=', this.at.bucket)
        .where('generation', '=', this.at.generation)
        .where('slot', '=', key.slot)
        .where('lock_id', '=', key.key)
        .execute();
    }
  }
}
