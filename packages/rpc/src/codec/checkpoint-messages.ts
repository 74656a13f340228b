/** Where a replica's rows stand, and its scalars. */
import type { BucketMeta } from '@mas/ledger';
import type { Checkpoint } from '@mas/resource-manager';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readConfState, writeConfState } from './conf-state-messages';
import { readTotals, writeTotals } from './currency-totals';
import { readPolicy, readSlotRange, writePolicy, writeSlotRange } from './policy-messages';
import { movesOrNull, readMovesOrNone, writeSlotMoves } from './slot-move-messages';

export function writeCheckpoint(writer: WireWriter, checkpoint: Checkpoint): void {
  writer.uint(1, checkpoint.applied.index);
  writer.uint(2, checkpoint.applied.term);
  writer.optionalMessage(3, checkpoint.confState, writeConfState);
  writer.optionalMessage(4, checkpoint.meta, writeBucketMeta);
  if (checkpoint.blob !== null) writer.bytes(5, checkpoint.blob);
}

export function readCheckpoint(reader: WireReader): Checkpoint {
  return {
    applied: { index: reader.uint(1), term: reader.uint(2) },
    confState: reader.optionalMessage(3, readConfState),
    meta: reader.optionalMessage(4, readBucketMeta),
    blob: readBlob(reader),
  };
}

function readBlob(reader: WireReader): Uint8Array | null {
  const blob = reader.bytes(5);
  return blob.length === 0 ? null : blob;
}

export function writeBucketMeta(writer: WireWriter, meta: BucketMeta): void {
  writer.uint(1, meta.bucket);
  writer.uint(2, meta.stampMs);
  writer.uint(3, meta.rev);
  writer.uint(4, meta.lockSeq);
  writer.optionalMessage(5, meta.policy, writePolicy);
  writer.messages(6, meta.slots, writeSlotRange);
  writer.uint(7, meta.epoch);
  writeTotals(writer, 8, meta.issued);
  writeTotals(writer, 9, meta.totals);
  writer.uint(10, meta.accountCount);
  writer.uint(11, meta.semanticsVersion);
  writer.uint(12, meta.momentUs);
  writer.uint(13, meta.momentsSinceUs);
  writer.optionalMessage(14, movesOrNull(meta.moves), writeSlotMoves);
}

export function readBucketMeta(reader: WireReader): BucketMeta {
  return {
    bucket: reader.bucket(1),
    stampMs: reader.uint(2),
    rev: reader.uint(3),
    lockSeq: reader.uint(4),
    policy: reader.optionalMessage(5, readPolicy),
    slots: reader.messages(6, readSlotRange),
    epoch: reader.uint(7),
    issued: readTotals(reader, 8),
    totals: readTotals(reader, 9),
    accountCount: reader.uint(10),
    semanticsVersion: reader.uint(11),
    momentUs: reader.uint(12),
    momentsSinceUs: reader.uint(13),
    moves: readMovesOrNone(reader, 14),
  };
}
