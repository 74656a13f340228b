/**
 * A snapshot as bytes: frames of a 4-byte little-endian length, a kind and a payload. First the checkpoint, then the
 * rows, last the SHA-256 over everything before it, so that a cut or damaged stream is never installed. How a
 * transport cuts the bytes does not matter.
 */
import { invariant } from '@mas/values';
import type { Checkpoint, SnapshotChunk, SnapshotReader } from '../applied-store';
import type { Digest, RunningDigest } from '../digest';
import type { RowCodec } from '../row-codec';

export type SnapshotFrame = { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint } | { readonly kind: 'rows'; readonly chunk: SnapshotChunk };

export class SnapshotDamaged extends Error {
  readonly kind = 'snapshot-damaged';

  constructor(what: string) {
    super(`a received snapshot is not installed: ${what}`);
    this.name = 'SnapshotDamaged';
  }
}

const ALL_KINDS: readonly SnapshotChunk['kind'][] = ['accounts', 'legs', 'outcomes', 'locks'];
const HEADER_BYTES = 5;
const KIND_CHECKPOINT = 1;
const KIND_ROWS = 2;
const KIND_END = 3;
/** About 1,000 rows are far below it; a length beyond it is damage. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024;

export async function* encodeSnapshot(reader: SnapshotReader, codec: RowCodec, digest: Digest): AsyncGenerator<Uint8Array> {
  const running = digest.startSha256();
  yield frame(KIND_CHECKPOINT, codec.encodeCheckpoint(reader.checkpoint), running);
  for await (const chunk of reader.chunks()) yield frame(KIND_ROWS, codec.encodeChunk(chunk), running);
  yield frame(KIND_END, Buffer.from(running.hex(), 'latin1'), null);
}

/**
 * Frames in order; ends normally only behind a matching checksum.
 * @param kinds of rows that are given; others are passed over without being decoded
 * @throws SnapshotDamaged
 */
export async function* decodeSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  codec: RowCodec,
  digest: Digest,
  kinds: readonly SnapshotChunk['kind'][] = ALL_KINDS,
): AsyncGenerator<SnapshotFrame> {
  const running = digest.startSha256();
  let first = true;
  for await (const bytes of frames(chunks)) {
    const kind = bytes[4];
    const payload = bytes.subarray(HEADER_BYTES);
    if (kind === KIND_END) {
      if (Buffer.from(payload).toString('latin1') !== running.hex()) throw new SnapshotDamaged('its checksum differs');
      return;
    }
    if (first !== (kind === KIND_CHECKPOINT)) throw new SnapshotDamaged('its checkpoint comes first and once');
    if (kind !== KIND_CHECKPOINT && kind !== KIND_ROWS) throw new SnapshotDamaged(`unknown frame ${String(kind)}`);
    running.update(bytes);
    first = false;
    if (kind === KIND_ROWS && kinds.length < ALL_KINDS.length && !kinds.includes(codec.kindOfChunk(payload))) continue;
    yield kind === KIND_CHECKPOINT ? { kind: 'checkpoint', checkpoint: codec.decodeCheckpoint(payload) } : { kind: 'rows', chunk: codec.decodeChunk(payload) };
  }
  throw new SnapshotDamaged('it ends early');
}

function frame(kind: number, payload: Uint8Array, running: RunningDigest | null): Uint8Array {
  invariant(payload.length <= MAX_FRAME_BYTES, 'a snapshot frame has a bounded length', { bytes: payload.length });
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(payload.length, 0);
  bytes.writeUInt8(kind, 4);
  bytes.set(payload, HEADER_BYTES);
  running?.update(bytes);
  return bytes;
}

/** Whole frames, header included. */
async function* frames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Buffer[] = [];
  let have = 0;
  let need = HEADER_BYTES;
  for await (const chunk of chunks) {
    parts.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    have += chunk.length;
    if (have < need) continue;
    let joined = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    for (;;) {
      need = HEADER_BYTES;
      if (joined.length < HEADER_BYTES) break;
      const length = joined.readUInt32LE(0);
      if (length > MAX_FRAME_BYTES) throw new SnapshotDamaged('a frame is too long');
      need = HEADER_BYTES + length;
      if (joined.length < need) break;
      yield joined.subarray(0, need);
      joined = joined.subarray(need);
    }
    parts = joined.length === 0 ? [] : [joined];
    have = joined.length;
  }
}
