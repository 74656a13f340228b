/** What every read does first: a linearizable point in the bucket's log, and rows in memory as of then. */
import type { MultiRaft } from '@mas/multi-raft';
import type { ParticipantFailure, ParticipantReply } from '@mas/two-phase-commit';
import { slotOfAccount } from '@mas/placement';
import { slot, unreachable, type AccountNumber, type BucketId, type Slot, type SlotRange } from '@mas/values';
import { StoreUnavailable } from '../applied-store';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ApplyResult } from '../resource-manager-options';
import { noPins, type Pins } from '../rows/row-table';
import type { RowsTouched } from '@mas/ledger';

export type ReadPoint = { readonly kind: 'ready'; readonly index: number } | ParticipantFailure;

/** Everything answered before the call is visible at the point; confirmed by a quorum and applied here. */
export async function readPoint(host: MultiRaft<ApplyResult>, bucket: BucketId, timeoutMs: number): Promise<ReadPoint> {
  const result = await host.readIndex(bucket, timeoutMs);
  switch (result.kind) {
    case 'ready':
      return { kind: 'ready', index: result.index };
    case 'not-leader':
      return { kind: 'not-leader', leader: result.leader };
    case 'no-quorum':
      return { kind: 'no-quorum', missing: result.missing };
    case 'unavailable':
      return { kind: 'unavailable', reason: result.reason };
    default:
      return unreachable(result, 'result of a read index');
  }
}

/** What a bucket says about a slot that is not its own: nothing. A slot may have moved, and absence here means nothing. */
export type WrongBucket = Extract<ParticipantReply, { readonly kind: 'wrong-bucket' }>;

/** Asked in the same step in which what is read is taken: in the one before the slot may have been owned. */
export function foreignSlot(applier: BucketApplier, slots: readonly Slot[]): WrongBucket | null {
  const { ledger } = applier.state();
  const foreign = slots.find((slot) => !ledger.ownsSlot(slot));
  return foreign === undefined ? null : { kind: 'wrong-bucket', slot: foreign };
}

export function foreignRange(applier: BucketApplier, { from, to }: SlotRange): WrongBucket | null {
  const { ledger } = applier.state();
  for (let at: number = from; at <= to; at += 1) if (!ledger.ownsSlot(slot(at))) return { kind: 'wrong-bucket', slot: slot(at) };
  return null;
}

export function foreignAccount(applier: BucketApplier, numbers: readonly AccountNumber[]): WrongBucket | null {
  return foreignSlot(applier, numbers.map(slotOfAccount));
}

/** Runs `read` while the rows are pinned and loaded. */
export async function withRows<Value>(
  applier: BucketApplier,
  rows: Partial<RowsTouched>,
  read: () => Value | Promise<Value>,
): Promise<Value | ParticipantFailure> {
  const { table } = applier.state();
  const pins: Pins = table.pin({ accounts: [], legs: [], outcomes: [], ...rows }, noPins());
  try {
    await applier.loadFor(pins);
    if (applier.state().table !== table) return { kind: 'unavailable', reason: 'a snapshot has taken the place of the rows that were read' };
    return await read();
  } catch (error) {
    if (error instanceof StoreUnavailable) return applier.storeRefusal();
    throw error;
  } finally {
    table.unpin(pins);
  }
}
