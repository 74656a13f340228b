/** The form of operators' orders of buckets and slots; whether they are possible is for the meta group's leader to say. */
import { MAX_REPLICAS, type NodeOrder } from '@mas/placement';
import type { Reply } from '@mas/transaction-coordinator';
import { bucketId, MAX_BUCKET_ID, slot, SLOT_COUNT, type BucketId, type RmId } from '@mas/values';
import { accepted, invalid } from '../errors/request-errors';
import type * as proto from '../generated/mas/v1/node_service';
import { validRm } from './validate-nodes';

export function validNewBucket({ bucket, replicas, dryRun }: proto.AddBucketRequest): Reply<NodeOrder> {
  const id = validBucket(bucket, 'bucket');
  if (!id.ok) return id;
  if (replicas.length > MAX_REPLICAS) return invalid('REPLICAS_INVALID', 'replicas', `A bucket has 1 to ${MAX_REPLICAS} replicas.`);
  const rms: RmId[] = [];
  for (const each of replicas) {
    const rm = validRm(each, 'replicas');
    if (!rm.ok) return rm;
    rms.push(rm.value);
  }
  return accepted({ kind: 'add-bucket', bucket: id.value, replicas: rms, isDryRun: dryRun });
}

export function validSlots({ from, to, slots, dryRun }: proto.MoveSlotsRequest): Reply<NodeOrder> {
  const giver = validBucket(from, 'from');
  if (!giver.ok) return giver;
  const taker = validBucket(to, 'to');
  if (!taker.ok) return taker;
  if (from === to) return invalid('SAME_BUCKET', 'to', 'A bucket cannot give slots to itself.');
  if (slots === undefined || slots.from > slots.to || slots.to >= SLOT_COUNT)
    return invalid('SLOTS_INVALID', 'slots', `Name the first and the last of the slots, from 0 to ${SLOT_COUNT - 1}.`);
  return accepted({ kind: 'move-slots', slots: { from: slot(slots.from), to: slot(slots.to) }, from: giver.value, to: taker.value, isDryRun: dryRun });
}

export function validRetiring({ bucket, dryRun }: proto.RetireBucketRequest): Reply<NodeOrder> {
  const id = validBucket(bucket, 'bucket');
  return id.ok ? accepted({ kind: 'retire-bucket', bucket: id.value, isDryRun: dryRun }) : id;
}

function validBucket(bucket: number, field: string): Reply<BucketId> {
  return bucket >= 1 && bucket <= MAX_BUCKET_ID
    ? accepted(bucketId(bucket))
    : invalid('BUCKET_INVALID', field, `A bucket is named by its number, 1 to ${MAX_BUCKET_ID}.`);
}
