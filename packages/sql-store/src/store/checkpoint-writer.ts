/** The one SQL transaction of a checkpoint: rows, outcomes, journal and the applied index, together or not at all. */
import type { Transaction } from 'kysely';
import type { CheckpointBatch, Position } from '@mas/resource-manager';
import { invariant } from '@mas/values';
import { AccountDAO } from '../dao/account-dao';
import type { BucketMetaDAO } from '../dao/bucket-meta-dao';
import type { Generation } from '../dao/generation-rows';
import { LockDAO } from '../dao/lock-dao';
import { OutcomeDAO } from '../dao/outcome-dao';
import { PaymentDAO } from '../dao/payment-dao';
import type { Schema } from '../schema/schema';
import type { SqlDialect } from '../sql-dialect';
import { lockAsWriter, type Fence } from './writer-fence';

export type BeforeWrite = (trx: Transaction<Schema>, at: Generation, batch: CheckpointBatch) => Promise<void>;

/** Harmless when it has already happened. @throws WriterFenced; InvariantViolation for a batch that does not follow on what is there */
export async function writeCheckpoint(trx: Transaction<Schema>, dialect: SqlDialect, fence: Fence, batch: CheckpointBatch, beforeWrite: BeforeWrite): Promise<void> {
  const { dao, row } = await lockAsWriter(trx, dialect, fence);
  if (samePosition(row.applied, batch.applied) && !samePosition(batch.previous, batch.applied)) return;
  invariant(samePosition(row.applied, batch.previous), 'a checkpoint follows on the previous one', {
    bucket: fence.bucket,
    stored: render(row.applied),
    previous: render(batch.previous),
    applied: render(batch.applied),
  });
  const at = { bucket: fence.bucket, generation: row.generation };
  await beforeWrite(trx, at, batch);
  await writeRows(trx, dialect, at, batch, dao);
}

async function writeRows(trx: Transaction<Schema>, dialect: SqlDialect, at: Generation, batch: CheckpointBatch, meta: BucketMetaDAO): Promise<void> {
  const locks = new LockDAO(trx, dialect, at);
  await new AccountDAO(trx, dialect, at).upsert(batch.accounts);
  await new PaymentDAO(trx, dialect, at).upsert(batch.legs);
  await new OutcomeDAO(trx, dialect, at).upsert(batch.outcomes);
  await locks.remove(batch.removedLocks);
  await locks.upsert(batch.locks);
  await meta.setCheckpoint(batch.applied, batch.confState, batch.meta);
}

export function samePosition(left: Position, right: Position): boolean {
  return left.index === right.index && left.term === right.term;
}

export function render(position: Position): string {
  return `${position.index}@${position.term}`;
}
