/** RowCodec on the wire's messages: chunks of rows, checkpoints and bucket scalars, canonical both ways. */
import type { BucketMeta } from '@mas/ledger';
import type { Checkpoint, RowCodec, SnapshotChunk } from '@mas/resource-manager';
import { unreachable } from '@mas/values';
import { readWire, type ReadMessage, type WireReader } from '../wire/wire-reader';
import { WireWriter, type WriteMessage } from '../wire/wire-writer';
import { readBucketMeta, readCheckpoint, writeBucketMeta, writeCheckpoint } from './checkpoint-messages';
import { readAccountRow, readLegRow, readLockRow, readOutcomeRow, writeAccountRow, writeLegRow, writeLockRow, writeOutcomeRow } from './row-messages';

export class ProtoRowCodec implements RowCodec {
  private readonly writer = new WireWriter();

  encodeChunk(chunk: SnapshotChunk): Uint8Array {
    return this.encode(chunk, writeChunk);
  }

  decodeChunk(bytes: Uint8Array): SnapshotChunk {
    return readWire(bytes, readChunk);
  }

  kindOfChunk(bytes: Uint8Array): SnapshotChunk['kind'] {
    const kind = KINDS[(bytes[0] ?? 0) >>> FIELD_SHIFT];
    return kind ?? readWire(bytes, (reader) => reader.fail('an unknown kind of rows'));
  }

  encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
    return this.encode(checkpoint, writeCheckpoint);
  }

  decodeCheckpoint(bytes: Uint8Array): Checkpoint {
    return readWire(bytes, readCheckpoint);
  }

  encodeMeta(meta: BucketMeta): Uint8Array {
    return this.encode(meta, writeBucketMeta);
  }

  decodeMeta(bytes: Uint8Array): BucketMeta {
    return readWire(bytes, readBucketMeta);
  }

  private encode<Value>(value: Value, write: WriteMessage<Value>): Uint8Array {
    this.writer.discard();
    write(this.writer, value);
    return this.writer.finish();
  }
}

/** By the number of the chunk's one field, which its first byte says. */
const KINDS: Readonly<Record<number, SnapshotChunk['kind']>> = { 1: 'accounts', 2: 'legs', 3: 'outcomes', 4: 'locks' };
const FIELD_SHIFT = 3;

function writeChunk(writer: WireWriter, chunk: SnapshotChunk): void {
  switch (chunk.kind) {
    case 'accounts':
      return writer.message(1, chunk.rows, rowsOf(writeAccountRow));
    case 'legs':
      return writer.message(2, chunk.rows, rowsOf(writeLegRow));
    case 'outcomes':
      return writer.message(3, chunk.rows, rowsOf(writeOutcomeRow));
    case 'locks':
      return writer.message(4, chunk.rows, rowsOf(writeLockRow));
    default:
      return unreachable(chunk, 'snapshot chunk');
  }
}

function readChunk(reader: WireReader): SnapshotChunk {
  switch (reader.nextField()) {
    case 1:
      return { kind: 'accounts', rows: readRows(reader, 1, readAccountRow) };
    case 2:
      return { kind: 'legs', rows: readRows(reader, 2, readLegRow) };
    case 3:
      return { kind: 'outcomes', rows: readRows(reader, 3, readOutcomeRow) };
    case 4:
      return { kind: 'locks', rows: readRows(reader, 4, readLockRow) };
    default:
      return reader.fail('an unknown kind of rows');
  }
}

function rowsOf<Row>(write: WriteMessage<Row>): WriteMessage<readonly Row[]> {
  return (writer, rows) => writer.messages(1, rows, write);
}

function readRows<Row>(reader: WireReader, field: number, read: ReadMessage<Row>): readonly Row[] {
  return reader.message(field, (inner) => inner.messages(1, read));
}
