/** A backup as a stream: how far the reading has come, what it is of, and the bytes of its buckets. */
import type { BackupProgress, BackupTaken } from '@mas/transaction-coordinator';
import type { BucketId } from '@mas/values';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

export type BackupEvent =
  | { readonly kind: 'progress'; readonly progress: BackupProgress }
  | { readonly kind: 'begun'; readonly taken: BackupTaken }
  | { readonly kind: 'piece'; readonly bucket: BucketId; readonly bytes: Uint8Array }
  /** All of it has come. */
  | { readonly kind: 'whole' };

export function writeBackupEvent(writer: WireWriter, event: BackupEvent): void {
  switch (event.kind) {
    case 'progress':
      return writer.message(1, event.progress, writeProgress);
    case 'begun':
      return writer.message(2, event.taken, writeTaken);
    case 'piece':
      return writer.message(3, event, (inner, { bucket, bytes }) => {
        inner.uint(1, bucket);
        inner.bytes(2, bytes);
      });
    case 'whole':
      return writer.empty(4);
    default:
      return event satisfies never;
  }
}

export function readBackupEvent(reader: WireReader): BackupEvent {
  switch (reader.nextField()) {
    case 1:
      return { kind: 'progress', progress: reader.message(1, readProgress) };
    case 2:
      return { kind: 'begun', taken: reader.message(2, readTaken) };
    case 3:
      return reader.message(3, (inner) => ({ kind: 'piece', bucket: inner.bucket(1), bytes: inner.bytes(2) }) as const);
    case 4:
      return reader.message(4, () => ({ kind: 'whole' }) as const);
    default:
      return reader.fail('an unknown event of a backup');
  }
}

function writeProgress(writer: WireWriter, { momentUs, replicas }: BackupProgress): void {
  writer.uint(1, momentUs);
  writer.messages(2, replicas, (each, { bucket, rm, rows, isReady }) => {
    each.uint(1, bucket);
    each.uint(2, rm);
    each.uint(3, rows);
    each.bool(4, isReady);
  });
}

function readProgress(reader: WireReader): BackupProgress {
  return {
    momentUs: reader.uint(1),
    replicas: reader.messages(2, (each) => ({ bucket: each.bucket(1), rm: each.rm(2), rows: each.uint(3), isReady: each.bool(4) })),
  };
}

function writeTaken(writer: WireWriter, { momentUs, clusterId, buckets }: BackupTaken): void {
  writer.uint(1, momentUs);
  writer.text(2, clusterId);
  writer.messages(3, buckets, (each, { bucket, rm, rows, bytes }) => {
    each.uint(1, bucket);
    each.uint(2, rm);
    each.uint(3, rows);
    each.uint(4, bytes);
  });
}

function readTaken(reader: WireReader): BackupTaken {
  return {
    momentUs: reader.uint(1),
    clusterId: reader.text(2),
    buckets: reader.messages(3, (each) => ({ bucket: each.bucket(1), rm: each.rm(2), rows: each.uint(3), bytes: each.uint(4) })),
  };
}
