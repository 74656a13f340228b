/** Port: rows as bytes, for snapshots on the wire and for checksums; canonical, so that equal rows are equal bytes. The rpc package implements it. */
import type { BucketMeta } from '@mas/ledger';
import type { Checkpoint, SnapshotChunk } from './applied-store';

export interface RowCodec {
  encodeChunk(chunk: SnapshotChunk): Uint8Array;
  decodeChunk(bytes: Uint8Array): SnapshotChunk;
  /** Without decoding the rows. */
  kindOfChunk(bytes: Uint8Array): SnapshotChunk['kind'];
  encodeCheckpoint(checkpoint: Checkpoint): Uint8Array;
  decodeCheckpoint(bytes: Uint8Array): Checkpoint;
  encodeMeta(meta: BucketMeta): Uint8Array;
  decodeMeta(bytes: Uint8Array): BucketMeta;
}
