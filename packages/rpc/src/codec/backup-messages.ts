/** A replica's rows for a backup: how they are asked for, and what comes. */
import type { ParticipantReply, ParticipantRequest } from '@mas/two-phase-commit';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';
import { readHoldings, writeHoldings } from './slot-move-messages';

type BackupRequest = Extract<ParticipantRequest, { readonly kind: 'backup' }>;
type BackupReply = Extract<ParticipantReply, { readonly kind: 'backup' }>;

const STEPS = wireEnum<BackupRequest['step']>({ announce: 1, read: 2, end: 3 });
const STAGES = wireEnum<BackupReply['stage']>({ announced: 1, reading: 2, ready: 3, missed: 4, ended: 5 });

export function writeBackupRequest(writer: WireWriter, { bucket, id, cutUs, step, offset }: BackupRequest): void {
  writer.uint(1, bucket);
  writer.text(2, id);
  writer.uint(3, cutUs);
  writer.enumeration(4, STEPS, step);
  writer.uint(5, offset);
}

export function readBackupRequest(reader: WireReader): BackupRequest {
  return { kind: 'backup', bucket: reader.bucket(1), id: reader.text(2), cutUs: reader.uint(3), step: reader.enumeration(4, STEPS), offset: reader.uint(5) };
}

export function writeBackupReply(writer: WireWriter, { stage, rows, bytes, piece, reason, holdings }: BackupReply): void {
  writer.enumeration(1, STAGES, stage);
  writer.uint(2, rows);
  writer.uint(3, bytes);
  writer.bytes(4, piece);
  writer.text(5, reason);
  writer.optionalMessage(6, holdings, writeHoldings);
}

export function readBackupReply(reader: WireReader): BackupReply {
  return {
    kind: 'backup',
    stage: reader.enumeration(1, STAGES),
    rows: reader.uint(2),
    bytes: reader.uint(3),
    piece: reader.bytes(4),
    reason: reader.text(5),
    holdings: reader.optionalMessage(6, readHoldings),
  };
}
