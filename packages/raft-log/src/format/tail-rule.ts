/**
 * Torn tail or damage? Asked about the first place of the last written segment that does not hold the next record.
 *
 * Only the last batch can have been cut by a crash: the one before was synced first. Its sectors may have reached the
 * disk in any subset, the rest of them still being the zeros of the preallocation; one sector may be cut at any byte.
 * So the tail is torn, and is cut off, iff both hold:
 *   1. no record of a later batch lies behind (its existence proves that this batch was synced), and
 *   2. something is missing here: the file ends, the mark that ends the header or the record is zero, or one of
 *      the record's sectors is zero throughout.
 * Everything else is damage: a flipped bit leaves the marks in place. What cannot be told apart: a flipped bit in the very
 * last batch in a record whose data holds a whole sector of zeros, and a disk that drops the last synced sectors.
 */
import { END_MARK, readHeader, RECORD_ALIGNMENT, RECORD_HEADER_BYTES, SECTOR_BYTES, type RecordHeader } from './record-format';
import { isZero } from './zeros';

export type TailVerdict = { readonly kind: 'torn' } | { readonly kind: 'damaged'; readonly what: string };

/** @param tornBatch the only batch that may be incomplete: that of the last record if it is not its last one, else the next. */
export function judgeTail(bytes: Buffer, at: number, tornBatch: number): TailVerdict {
  const later = findHeaderOfLaterBatch(bytes, at, tornBatch);
  if (later !== undefined) return { kind: 'damaged', what: `no valid record, yet one of the later batch ${later.batch} at offset ${later.at}` };
  const header = readHeader(bytes, at);
  if (header === undefined) return headerIsCut(bytes, at) ? { kind: 'torn' } : { kind: 'damaged', what: 'a record header fails its checksum' };
  if (recordIsCut(bytes, header)) return { kind: 'torn' };
  return { kind: 'damaged', what: 'a record fails its checksum' };
}

function findHeaderOfLaterBatch(bytes: Buffer, from: number, tornBatch: number): RecordHeader | undefined {
  for (let at = from; at + RECORD_HEADER_BYTES <= bytes.length; at += RECORD_ALIGNMENT) {
    const header = readHeader(bytes, at);
    if (header !== undefined && header.batch > tornBatch) return header;
  }
  return undefined;
}

function headerIsCut(bytes: Buffer, at: number): boolean {
  const end = at + RECORD_HEADER_BYTES;
  return end > bytes.length || bytes[end - 1] === 0 || hasZeroSector(bytes, at, end);
}

function recordIsCut(bytes: Buffer, header: RecordHeader): boolean {
  if (header.end > bytes.length || bytes[header.end - 1] === 0) return true;
  return bytes[header.end - 1] === END_MARK && hasZeroSector(bytes, header.at, header.end);
}

/** Whether the part of [from, to) that lies in some one sector is all zeros; both ends of a record are never zero. */
function hasZeroSector(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; ) {
    const next = Math.min(to, at - (at % SECTOR_BYTES) + SECTOR_BYTES);
    if (isZero(bytes, at, next)) return true;
    at = next;
  }
  return false;
}
