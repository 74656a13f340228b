/**
 * Records that one write and one sync will carry. They are encoded straight into one buffer as they arrive; buffers are
 * used again, so that a record costs no allocation.
 */
import { invariant } from '@mas/values';
import { finishRecord, markLastOfBatch, RECORD_HEADER_BYTES, recordBytes, type RecordType } from '../format/record-format';

export class Batch {
  length = 0;
  /** Since when someone waits for it. null: it may wait for company; it holds nothing that must survive a crash. */
  urgentSinceMs: number | null = null;
  /** It holds a record that may free segments once it is durable. */
  mayRelease = false;
  /** Segments before this one are no longer needed once the batch is durable; 0: not looked at. */
  releaseBefore = 0;
  readonly done: (() => void)[] = [];
  private records = 0;
  private lastAt = 0;

  constructor(
    readonly number: number,
    readonly segment: number,
    readonly offset: number,
    public bytes: Buffer,
  ) {}

  /** Makes room for a record. @returns where its body goes; `end` completes it. */
  begin(bodyLength: number): number {
    const needed = this.length + recordBytes(bodyLength);
    if (needed > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    return this.length + RECORD_HEADER_BYTES;
  }

  end(bodyLength: number, type: RecordType, group: number): void {
    this.lastAt = this.length;
    this.length = finishRecord(this.bytes, this.length, bodyLength, this.number, this.records, type, group);
    this.records += 1;
  }

  seal(): void {
    invariant(this.records > 0, 'a batch holds a record');
    markLastOfBatch(this.bytes, this.lastAt);
  }
}
