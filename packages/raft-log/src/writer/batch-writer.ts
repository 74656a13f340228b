/**
 * Gathers records into batches and writes one batch at a time: a durable write, callbacks in order. What arrives while
 * that runs gathers in the next batch; no timer is involved. A failed write or sync ends it for good: after an fsync
 * error the kernel may have dropped the dirty pages, so a second fsync that succeeds would prove nothing.
 *
 * A batch is bound to a segment when its first record arrives, with room for a full batch, so that a segment's first batch
 * can begin with the state of every group (`onSegmentStart`): older segments are then needed for entries only.
 */
import { present, type Clock, type Durations } from '@mas/values';
import { recordBytes, SEGMENT_HEADER_BYTES } from '../format/record-format';
import { Batch } from './batch';
import type { SegmentFiles } from './segment-files';
import { SyncTimes } from './sync-times';

export interface BatchWriterOptions {
  readonly files: SegmentFiles;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** A batch is closed before it grows beyond this, unless one record is larger. */
  readonly maxBatchBytes: number;
  readonly start: { readonly segment: number; readonly offset: number; readonly batch: number };
  readonly onSegmentStart: (batch: Batch) => void;
  /** The oldest segment that anything encoded so far still needs. */
  readonly oldestNeeded: () => number | undefined;
  readonly onFatal: (error: unknown) => void;
}

export interface WriterStats {
  readonly syncs: number;
  readonly bytes: number;
  readonly queuedBytes: number;
  readonly syncP50Ms: number | null;
  readonly syncP99Ms: number | null;
  readonly syncTimes: Durations;
}

const INITIAL_BUFFER_BYTES = 1 << 18;
/** Buffers kept for later batches. */
const MAX_POOLED_BUFFERS = 4;
/** Records that nobody waits for are written once they have grown to this. */
const MAX_IDLE_BYTES = 1 << 16;

export class BatchWriter {
  private filling: Batch | undefined;
  private readonly closed: Batch[] = [];
  private inFlight: Batch | undefined;
  private readonly pool: Buffer[] = [];
  private next: { readonly segment: number; readonly offset: number; readonly batch: number };
  private pumping = false;
  private stopped = false;
  private readonly idle: (() => void)[] = [];
  private dropping: Promise<void> = Promise.resolve();
  private readonly times = new SyncTimes();
  /** Number of the last batch that was synced, in this life or an earlier one. */
  private durable: number;
  private syncs = 0;
  private bytes = 0;

  constructor(private readonly options: BatchWriterOptions) {
    this.next = options.start;
    this.durable = options.start.batch - 1;
  }

  /** The batch that a record with this body goes into: begin, encode, end, then `submit`. */
  batchFor(bodyLength: number): Batch {
    const { filling } = this;
    const size = recordBytes(bodyLength);
    if (filling !== undefined) {
      if (filling.length + size <= this.options.maxBatchBytes) return filling;
      this.close(filling);
    }
    return this.open(size);
  }

  /** The records just encoded are to be durable before `done` is called. */
  submit(done: () => void): void {
    const batch = present(this.filling, 'batch with the record');
    this.hurry(batch);
    batch.done.push(done);
    this.pump();
  }

  /** Nobody waits for what was just encoded, if anything: it goes with the next batch. `done` is still called in order. */
  submitIdle(done: () => void): void {
    const { filling } = this;
    if (filling !== undefined && filling.length > MAX_IDLE_BYTES) this.hurry(filling);
    const last = isUrgent(filling) ? filling : (this.closed[this.closed.length - 1] ?? this.inFlight);
    if (last !== undefined) last.done.push(done);
    else queueMicrotask(() => (this.stopped ? undefined : done()));
    this.pump();
  }

  get durableBatch(): number {
    return this.durable;
  }

  /** Age of the oldest write that somebody waits for; 0: none. */
  oldestWriteMs(): number {
    for (const batch of [this.inFlight, ...this.closed, this.filling]) {
      if (isUrgent(batch)) return this.options.clock.monotonicMs() - batch.urgentSinceMs;
    }
    return 0;
  }

  stats(): WriterStats {
    let queuedBytes = (this.filling?.length ?? 0) + (this.inFlight?.length ?? 0);
    for (const batch of this.closed) queuedBytes += batch.length;
    return {
      syncs: this.syncs,
      bytes: this.bytes,
      queuedBytes,
      syncP50Ms: this.times.quantile(0.5),
      syncP99Ms: this.times.quantile(0.99),
      syncTimes: this.times.all,
    };
  }

  /** Resolves when everything encoded is durable and segments without use are gone; never after a failure. */
  async drain(): Promise<void> {
    if (this.filling !== undefined) this.hurry(this.filling);
    this.pump();
    if (this.pumping) await new Promise<void>((resolve) => this.idle.push(resolve));
    await this.dropping;
  }

  /** Nothing is written or answered any more. */
  stop(): void {
    this.stopped = true;
  }

  private hurry(batch: Batch): void {
    batch.urgentSinceMs ??= this.options.clock.monotonicMs();
  }

  private open(firstRecordBytes: number): Batch {
    const { segment, offset, batch } = this.next;
    const needed = Math.max(this.options.maxBatchBytes, firstRecordBytes);
    const full = offset > SEGMENT_HEADER_BYTES && offset + needed > this.options.files.segmentBytes;
    if (full) this.next = { segment: segment + 1, offset: SEGMENT_HEADER_BYTES, batch };
    const opened = new Batch(batch, this.next.segment, this.next.offset, this.pool.pop() ?? Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES));
    this.filling = opened;
    if (full) {
      opened.mayRelease = true;
      this.options.onSegmentStart(opened);
    }
    return opened;
  }

  private close(batch: Batch): void {
    batch.seal();
    // Later records may release more; these segments are free as soon as this batch is durable.
    if (batch.mayRelease) batch.releaseBefore = Math.min(batch.segment, this.options.oldestNeeded() ?? batch.segment);
    this.next = { segment: batch.segment, offset: batch.offset + batch.length, batch: batch.number + 1 };
    this.filling = undefined;
    this.closed.push(batch);
  }

  private pump(): void {
    if (this.pumping || this.stopped || (this.closed.length === 0 && !isUrgent(this.filling))) return;
    this.pumping = true;
    // Everything that this turn of the event loop appends belongs to the first batch.
    queueMicrotask(() => void this.run());
  }

  private async run(): Promise<void> {
    try {
      for (let batch = this.take(); batch !== undefined && !this.stopped; batch = this.take()) {
        this.inFlight = batch;
        await this.writeOut(batch);
      }
    } catch (error) {
      this.fail(error);
      return;
    }
    this.pumping = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private take(): Batch | undefined {
    if (this.closed.length === 0 && isUrgent(this.filling)) this.close(this.filling);
    return this.closed.shift();
  }

  private async writeOut(batch: Batch): Promise<void> {
    const { files, clock } = this.options;
    const file = await files.file(batch.segment);
    const startedMs = clock.monotonicMs();
    await file.writeDurably(batch.bytes, batch.length, batch.offset);
    if (this.stopped) return;
    this.times.add(clock.monotonicMs() - startedMs);
    this.durable = batch.number;
    this.syncs += 1;
    this.bytes += batch.length;
    files.grewTo(batch.segment, batch.offset + batch.length);
    if (this.pool.length < MAX_POOLED_BUFFERS && batch.bytes.length <= 2 * this.options.maxBatchBytes) this.pool.push(batch.bytes);
    if (batch.releaseBefore > 0) this.drop(batch.releaseBefore);
    // From here on nobody may join this batch: its callbacks are being called.
    this.inFlight = undefined;
    for (const done of batch.done) done();
  }

  private drop(sequence: number): void {
    this.dropping = this.dropping.then(() => this.options.files.dropBefore(sequence)).catch((error: unknown) => this.fail(error));
  }

  private fail(error: unknown): void {
    if (this.stopped) return;
    this.stopped = true;
    this.options.onFatal(error);
  }
}

function isUrgent(batch: Batch | undefined): batch is Batch & { readonly urgentSinceMs: number } {
  return batch !== undefined && batch.urgentSinceMs !== null;
}
