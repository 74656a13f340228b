/**
 * Reads all segments in order and decides how the log ends. It changes nothing on disk: repair-tail.ts does.
 * Invariant: batches are numbered without gaps from the oldest segment's first to the last record, positions in a batch
 * likewise. Whatever contradicts it is damage, except what tail-rule.ts calls torn, in the last written segment only.
 */
import { LogDamaged } from '@mas/multi-raft';
import { present, type BucketId } from '@mas/values';
import type { LogFileSystem } from '../disk/log-file-system';
import { BodyMalformed } from '../format/bodies';
import { bodyIsIntact, readHeader, SEGMENT_HEADER_BYTES, segmentHeaderIsIntact, type RecordHeader } from '../format/record-format';
import { judgeTail } from '../format/tail-rule';
import { endOfContent } from '../format/zeros';
import type { GroupLog } from '../group/group-log';
import { Replay } from './replay';
import { segmentName, segmentSequence } from './segment-names';

export interface RecoveredLog {
  readonly groups: Map<BucketId, GroupLog>;
  /** Ascending; the one that holds the tail, and perhaps empty ones behind it. */
  readonly segments: readonly { readonly sequence: number; readonly bytes: number }[];
  /** undefined: there is no log yet. */
  readonly tail: RecoveredTail | undefined;
}

export interface RecoveredTail {
  readonly sequence: number;
  /** Where the next record goes. */
  readonly offset: number;
  /** Non-zero bytes end here: > offset when a tail was torn. */
  readonly contentEnd: number;
  readonly fileBytes: number;
  readonly nextBatch: number;
  /** Position that the last batch, which lacks its end, would have continued with; undefined when it is complete. */
  readonly openPosition: number | undefined;
}

export async function recoverLog(fileSystem: LogFileSystem, directory: string): Promise<RecoveredLog> {
  const sequences = (await fileSystem.list(directory))
    .map(segmentSequence)
    .filter((sequence) => sequence !== undefined)
    .sort((a, b) => a - b);
  const reading = new Reading(directory, sequences[0] ?? 1);
  const segments: { sequence: number; bytes: number }[] = [];
  for (const [i, sequence] of sequences.entries()) {
    if (i > 0 && sequences[i - 1] !== sequence - 1) throw new LogDamaged(`${directory}/${segmentName(sequence - 1)}`, 0, 'the segment is missing');
    const file = await fileSystem.open(`${directory}/${segmentName(sequence)}`);
    const bytes = await file.readAll();
    await file.close();
    reading.segment(sequence, bytes);
    segments.push({ sequence, bytes: bytes.length });
  }
  return { groups: reading.finish(), segments, tail: reading.tail };
}

class Reading {
  tail: RecoveredTail | undefined;
  private readonly replay = new Replay();
  /** The batch and position that the next record must have; batch undefined before the first record. */
  private batch: number | undefined;
  private position = 0;

  constructor(
    private readonly directory: string,
    private readonly oldest: number,
  ) {
    if (oldest === 1) this.batch = 1;
  }

  segment(sequence: number, bytes: Buffer): void {
    const path = this.path(sequence);
    if (!segmentHeaderIsIntact(bytes, sequence)) throw new LogDamaged(path, 0, 'the segment header is not intact');
    const contentEnd = endOfContent(bytes, SEGMENT_HEADER_BYTES);
    // Empty and prepared for use; the tail stays where it is, unless this is all there is.
    if (contentEnd === SEGMENT_HEADER_BYTES && this.tail !== undefined) return;
    this.expectCleanEndBefore(sequence);
    const offset = this.records(sequence, bytes);
    if (contentEnd > offset || this.batch === undefined) this.judge(path, bytes, offset, contentEnd);
    const open = this.position > 0;
    this.tail = {
      sequence,
      offset,
      contentEnd,
      fileBytes: bytes.length,
      nextBatch: present(this.batch, 'batch') + (open ? 1 : 0),
      openPosition: open ? this.position : undefined,
    };
  }

  finish(): Map<BucketId, GroupLog> {
    try {
      return this.replay.finish();
    } catch (error) {
      throw this.asDamage(error, this.path(this.oldest), SEGMENT_HEADER_BYTES);
    }
  }

  /** @returns where the records end. */
  private records(sequence: number, bytes: Buffer): number {
    let at = SEGMENT_HEADER_BYTES;
    for (;;) {
      const header = readHeader(bytes, at);
      if (header === undefined || !bodyIsIntact(bytes, header)) return at;
      this.expectInSequence(sequence, header);
      try {
        this.replay.record(header.type, header.group, bytes.subarray(header.bodyAt, header.bodyAt + header.bodyLength), sequence);
      } catch (error) {
        throw this.asDamage(error, this.path(sequence), at);
      }
      this.batch = header.lastOfBatch ? header.batch + 1 : header.batch;
      this.position = header.lastOfBatch ? 0 : header.position + 1;
      at = header.end;
    }
  }

  private judge(path: string, bytes: Buffer, offset: number, contentEnd: number): void {
    // Older segments are dropped only after a batch in a newer one was synced: the oldest one's first batch was.
    if (this.batch === undefined) throw new LogDamaged(path, offset, 'the oldest segment has no valid first record');
    const verdict = judgeTail(bytes, offset, this.batch);
    if (verdict.kind === 'damaged') throw new LogDamaged(path, offset, `${verdict.what} (${contentEnd - offset} bytes follow)`);
  }

  /** A segment is written only after every batch of the one before was synced. */
  private expectCleanEndBefore(sequence: number): void {
    const { tail } = this;
    if (tail === undefined) return;
    if (tail.contentEnd > tail.offset)
      throw new LogDamaged(this.path(tail.sequence), tail.offset, `no valid record, yet segment ${segmentName(sequence)} follows`);
    if (tail.openPosition !== undefined)
      throw new LogDamaged(this.path(tail.sequence), tail.offset, `the last batch lacks records, yet segment ${segmentName(sequence)} follows`);
  }

  private expectInSequence(sequence: number, header: RecordHeader): void {
    const expected = this.batch ?? header.batch;
    if (header.batch === expected && header.position === this.position) return;
    throw new LogDamaged(
      this.path(sequence),
      header.at,
      `records are missing: expected batch ${expected} position ${this.position}, found batch ${header.batch} position ${header.position}`,
    );
  }

  private asDamage(error: unknown, path: string, at: number): unknown {
    return error instanceof BodyMalformed ? new LogDamaged(path, at, error.message) : error;
  }

  private path(sequence: number): string {
    return `${this.directory}/${segmentName(sequence)}`;
  }
}
