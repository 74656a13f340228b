/**
 * The bytes of a segment: a segment header, records, zeros up to the preallocated size. Little-endian throughout.
 *
 *   segment header, 32 bytes: magic 8 · segment sequence u48 · zeros · CRC-32 of bytes 0…27
 *   record, a multiple of 8 bytes:
 *     0 u32 body length       8 u48 batch    14 u8 type   15 u8 flags (1: last record of its batch)
 *     4 u32 CRC-32 of what    16 u32 group   20 u32 position in the batch
 *           follows byte 32   24 u32 CRC-32 of bytes 0…23   28 u32 header mark
 *    32 body · zeros · end mark 0xa5 (last byte)
 *
 * A batch is what one write and one fdatasync carried; batches are numbered without gaps over all segments, and a
 * batch begins only after the sync of the one before has come back. Both marks consist of bytes with several bits
 * set: a single flipped bit never makes a mark zero, while a write that was cut always leaves its mark zero, because
 * segments are zeroed and synced before use. tail-rule.ts builds on that to tell a torn tail from damage.
 * CRC-32 is the one of zlib (polynomial 0xedb88320), as node:zlib computes it.
 */
import { crc32 } from 'node:zlib';

export const SEGMENT_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 32;
export const SECTOR_BYTES = 512;
export const END_MARK = 0xa5;
const HEADER_MARK = 0xc35a_a53c;
const ALIGNMENT = 8;
const FLAG_LAST_OF_BATCH = 1;
/** "MASWAL", format version 1, LF. */
const SEGMENT_MAGIC = Buffer.from([0x4d, 0x41, 0x53, 0x57, 0x41, 0x4c, 0x01, 0x0a]);

/** Values are part of the format. */
export const RECORD_TYPES = { write: 1, start: 2, compact: 3, remove: 4, state: 5, seal: 6 } as const;
export type RecordType = (typeof RECORD_TYPES)[keyof typeof RECORD_TYPES];

export interface RecordHeader {
  readonly at: number;
  readonly bodyAt: number;
  readonly bodyLength: number;
  /** Behind the end mark. */
  readonly end: number;
  readonly batch: number;
  readonly position: number;
  readonly lastOfBatch: boolean;
  readonly type: number;
  readonly group: number;
}

/** Header, body, padding and end mark. */
export function recordBytes(bodyLength: number): number {
  return Math.ceil((RECORD_HEADER_BYTES + bodyLength + 1) / ALIGNMENT) * ALIGNMENT;
}

/** Completes the record whose body lies at `at` + 32: header, padding, end mark, checksums. @returns its end. */
export function finishRecord(bytes: Buffer, at: number, bodyLength: number, batch: number, position: number, type: RecordType, group: number): number {
  const end = at + recordBytes(bodyLength);
  bytes.fill(0, at + RECORD_HEADER_BYTES + bodyLength, end - 1);
  bytes[end - 1] = END_MARK;
  bytes.writeUInt32LE(bodyLength, at);
  bytes.writeUInt32LE(crc32(bytes.subarray(at + RECORD_HEADER_BYTES, end)), at + 4);
  bytes.writeUIntLE(batch, at + 8, 6);
  bytes[at + 14] = type;
  bytes[at + 15] = 0;
  bytes.writeUInt32LE(group, at + 16);
  bytes.writeUInt32LE(position, at + 20);
  bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 24)), at + 24);
  bytes.writeUInt32LE(HEADER_MARK, at + 28);
  return end;
}

/** The batch ends with the record at `at`. */
export function markLastOfBatch(bytes: Buffer, at: number): void {
  bytes[at + 15] = FLAG_LAST_OF_BATCH;
  bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 24)), at + 24);
}

/** undefined: no valid header here (the body is not looked at). */
export function readHeader(bytes: Buffer, at: number): RecordHeader | undefined {
  if (at + RECORD_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at + 28) !== HEADER_MARK) return undefined;
  if (crc32(bytes.subarray(at, at + 24)) !== bytes.readUInt32LE(at + 24)) return undefined;
  const bodyLength = bytes.readUInt32LE(at);
  return {
    at,
    bodyAt: at + RECORD_HEADER_BYTES,
    bodyLength,
    end: at + recordBytes(bodyLength),
    batch: bytes.readUIntLE(at + 8, 6),
    position: bytes.readUInt32LE(at + 20),
    lastOfBatch: bytes[at + 15] === FLAG_LAST_OF_BATCH,
    type: bytes.readUInt8(at + 14),
    group: bytes.readUInt32LE(at + 16),
  };
}

export function bodyIsIntact(bytes: Buffer, header: RecordHeader): boolean {
  return (
    header.end <= bytes.length && bytes[header.end - 1] === END_MARK && crc32(bytes.subarray(header.bodyAt, header.end)) === bytes.readUInt32LE(header.at + 4)
  );
}

export function segmentHeader(sequence: number): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  SEGMENT_MAGIC.copy(bytes);
  bytes.writeUIntLE(sequence, 8, 6);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

export function segmentHeaderIsIntact(bytes: Buffer, sequence: number): boolean {
  return bytes.subarray(0, SEGMENT_HEADER_BYTES).equals(segmentHeader(sequence));
}

export { ALIGNMENT as RECORD_ALIGNMENT };
