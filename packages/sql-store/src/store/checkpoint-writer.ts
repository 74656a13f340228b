/** The one SQL transaction of a checkpoint: rows, outcomes, journal and the applied index, together or not at all. */
import type { Transaction } from 'kysely';
import type { CheckpointBatch } from '@mas/resource-manager';
import { AccountDAO } from '../dao/account-dao';
import type { BucketMetaDAO } from '../dao/bucket-meta-dao';
import { dropSlots, type Generation } from '../dao/generation-rows';
import { LockDAO } from '../dao/lock-dao';
import { OutcomeDAO } from '../dao/outcome-dao';
import { PaymentDAO } from '../dao/payment-dao';
import type { Schema } from '../schema/schema';
import type { SqlDialect } from '../sql-dialect';
import { checkpointState } from './positions';
import { lockAsWriter, type Fence } from './writer-fence';

export type BeforeWrite = (trx: Transaction<Schema>, at: Generation, batch: CheckpointBatch) => Promise<void>;

/** Harmless when it has already happened. @throws WriterFenced; InvariantViolation for a batch that does not follow on what is there */
export async function writeCheckpoint(
  trx: Transaction<Schema>,
  dialect: SqlDialect,
  fence: Fence,
  batch: CheckpointBatch,
  beforeWrite: BeforeWrite,
): Promise<void> {
  const { dao, row } = await lockAsWriter(trx, dialect, fence);
  if (checkpointState(fence.bucket, row.applied, batch) === 'done') return;
  const at = { bucket: fence.bucket, generation: row.generation };
  await beforeWrite(trx, at, batch);
  await writeRows(trx, dialect, at, batch, dao);
}

async function writeRows(trx: Transaction<Schema>, dialect: SqlDialect, at: Generation, batch: CheckpointBatch, meta: BucketMetaDAO): Promise<void> {
  const locks = new LockDAO(trx, dialect, at);
  for (const slots of batch.droppedSlots) await dropSlots(trx, at, slots);
  await new AccountDAO(trx, dialect, at).upsert(batch.accounts);
  await new PaymentDAO(trx, dialect, at).upsert(batch.legs);
  await new OutcomeDAO(trx, dialect, at).upsert(batch.outcomes);
  await locks.remove(batch.removedLocks);
  await locks.upsert(batch.locks);
  await meta.setCheckpoint(batch.applied, batch.confState, batch.meta, batch.blob);
}
