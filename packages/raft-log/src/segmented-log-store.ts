/**
 * LogStore over segment files: one log for all groups of the process. This file ties the groups in memory to the writer;
 * format/ has the bytes, writer/ the batches and files, recovery/ the way back.
 * Invariant: a group's memory shows exactly what has been encoded for it, in order, durable or not.
 */
import type { EntryId, RaftStorage } from '@mas/raft';
import type { LogRecovery, LogStart, LogStats, LogStore, LogWrite } from '@mas/multi-raft';
import { invariant, present, type BucketId, type Clock } from '@mas/values';
import type { LogFileSystem } from './disk/log-file-system';
import { COMPACT_BYTES, encodeCompact, encodeState, encodeWrite, stateBytes, writeBytes, type GroupState } from './format/bodies';
import { RECORD_TYPES, SEGMENT_HEADER_BYTES } from './format/record-format';
import { GroupLog, NO_HARD_STATE } from './group/group-log';
import { openLog } from './recovery/open-log';
import { LogFailed } from './log-failed';
import type { Batch } from './writer/batch';
import { BatchWriter } from './writer/batch-writer';
import { SegmentFiles } from './writer/segment-files';

export interface SegmentedLogOptions {
  readonly directory: string;
  readonly fileSystem: LogFileSystem;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called once, when a write, a sync or a removal failed: the process has to stop. Nothing is answered afterwards. */
  readonly onFatal: (error: LogFailed) => void;
  /** Size of a segment file. Default 32 MiB. */
  readonly segmentBytes?: number;
  /** One write and one sync carry at most this, unless one record is larger. Default 4 MiB, at most an eighth of a segment. */
  readonly maxBatchBytes?: number;
  /** Beyond this size of all segments, `pinning` names the groups that hold old ones. Default 1 GiB. */
  readonly maxTotalBytes?: number;
}

export const DEFAULT_SEGMENT_BYTES = 32 << 20;
const DEFAULT_MAX_BATCH_BYTES = 4 << 20;
const DEFAULT_MAX_TOTAL_BYTES = 2 ** 30;
/** A segment holds several batches, or most of it would stay unused. */
const BATCHES_PER_SEGMENT = 8;

export class SegmentedLogStore implements LogStore {
  private groups = new Map<BucketId, GroupLog>();
  private readonly files: SegmentFiles;
  private readonly maxBatchBytes: number;
  private writer: BatchWriter | undefined;
  private failure: LogFailed | undefined;
  private closed = false;
  private readonly waiting = new Set<(error: LogFailed) => void>();

  constructor(private readonly options: SegmentedLogOptions) {
    const segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES;
    this.maxBatchBytes = Math.min(options.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES, Math.floor(segmentBytes / BATCHES_PER_SEGMENT));
    invariant(segmentBytes >= 2 * SEGMENT_HEADER_BYTES && this.maxBatchBytes > 0, 'a segment holds more than its header', { segmentBytes });
    this.files = new SegmentFiles(options.fileSystem, options.directory, segmentBytes, (error) => this.fail(error));
  }

  async recover(): Promise<LogRecovery> {
    invariant(this.writer === undefined, 'recover is called once, first');
    const { directory, fileSystem, clock } = this.options;
    const opened = await openLog(fileSystem, directory, this.files);
    this.groups = opened.groups;
    this.writer = new BatchWriter({
      files: this.files,
      clock,
      maxBatchBytes: this.maxBatchBytes,
      start: opened.start,
      onSegmentStart: (batch) => this.restateGroups(batch),
      oldestNeeded: () => this.oldestNeeded(),
      onFatal: (error) => this.fail(error),
    });
    return { groups: [...this.groups.keys()].sort((a, b) => a - b), torn: opened.torn };
  }

  storage(group: BucketId): RaftStorage | undefined {
    return this.groups.get(group);
  }

  reset(group: BucketId, start: LogStart): Promise<void> {
    const writer = this.open();
    const known = this.groups.get(group);
    const log = known ?? new GroupLog({ hardState: NO_HARD_STATE, base: start.at, confState: start.confState });
    // Memory first would put the new state at the head of a new segment, before the record itself: see restateGroups.
    const next = log.stateAfterStart(start);
    const batch = writer.batchFor(stateBytes(next));
    putState(batch, RECORD_TYPES.start, group, next);
    log.restart(next);
    this.groups.set(group, log);
    batch.mayRelease = true;
    return this.durable((done) => writer.submit(done));
  }

  append(group: BucketId, write: LogWrite, done: () => void): void {
    if (this.failure !== undefined) return;
    const writer = this.open();
    const log = present(this.groups.get(group), `log of group ${group}`);
    if (write.hardState !== undefined || write.entries.length > 0) {
      const size = writeBytes(write);
      const batch = writer.batchFor(size);
      const at = batch.begin(size);
      encodeWrite(batch.bytes, at, write);
      batch.end(size, RECORD_TYPES.write, group);
      if (write.hardState !== undefined) log.setHardState(write.hardState);
      log.append(write.entries, batch.segment);
    }
    if (write.entries.length > 0 || (write.mustSync && write.hardState !== undefined)) writer.submit(done);
    else writer.submitIdle(done);
  }

  compact(group: BucketId, upTo: EntryId): void {
    if (this.failure !== undefined) return;
    const writer = this.open();
    const log = present(this.groups.get(group), `log of group ${group}`);
    if (upTo.index <= log.state.base.index) return;
    const oldest = log.spans.oldest();
    log.checkCompaction(upTo);
    const batch = writer.batchFor(COMPACT_BYTES);
    const at = batch.begin(COMPACT_BYTES);
    encodeCompact(batch.bytes, at, upTo);
    batch.end(COMPACT_BYTES, RECORD_TYPES.compact, group);
    log.compact(upTo);
    batch.mayRelease = true;
    // Worth a sync of its own only where it lets go of a segment.
    if (oldest !== undefined && oldest < batch.segment && log.spans.oldest() !== oldest) writer.submit(noop);
    else writer.submitIdle(noop);
  }

  remove(group: BucketId): Promise<void> {
    const writer = this.open();
    if (!this.groups.has(group)) return Promise.resolve();
    const batch = writer.batchFor(0);
    batch.begin(0);
    batch.end(0, RECORD_TYPES.remove, group);
    this.groups.delete(group);
    batch.mayRelease = true;
    return this.durable((done) => writer.submit(done));
  }

  pinning(): readonly { readonly group: BucketId; readonly bytes: number }[] {
    const limit = this.options.maxTotalBytes ?? DEFAULT_MAX_TOTAL_BYTES;
    if (this.files.totalBytes() <= limit) return [];
    const pinned: { group: BucketId; bytes: number }[] = [];
    for (const [group, log] of this.groups) {
      const oldest = log.spans.oldest();
      const bytes = oldest === undefined ? 0 : this.files.bytesFrom(oldest);
      if (bytes > limit) pinned.push({ group, bytes });
    }
    return pinned.sort((a, b) => b.bytes - a.bytes || a.group - b.group);
  }

  position(): number {
    return this.open().durableBatch;
  }

  oldestWriteMs(): number {
    return this.open().oldestWriteMs();
  }

  stats(): LogStats {
    return { ...this.open().stats(), segments: this.files.count };
  }

  async close(): Promise<void> {
    const { writer } = this;
    if (writer === undefined || this.closed) return;
    this.closed = true;
    await this.durable((done) => void writer.drain().then(done));
    writer.stop();
    await this.files.close();
  }

  private open(): BatchWriter {
    return present(this.writer, 'a recovered log');
  }

  /** Resolves when `submit` calls back; rejects when the log fails first. */
  private durable(submit: (done: () => void) => void): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      submit(() => {
        this.waiting.delete(reject);
        resolve();
      });
    });
  }

  private fail(error: unknown): void {
    if (this.failure !== undefined) return;
    const failure = new LogFailed(this.options.directory, error);
    this.failure = failure;
    this.writer?.stop();
    this.options.onFatal(failure);
    for (const reject of this.waiting) reject(failure);
    this.waiting.clear();
  }

  /** Opens a new segment with what every group is, as of the records before it: memory has not yet taken the next one. */
  private restateGroups(batch: Batch): void {
    for (const [group, log] of this.groups) putState(batch, RECORD_TYPES.state, group, log.state);
  }

  private oldestNeeded(): number | undefined {
    let oldest: number | undefined;
    for (const log of this.groups.values()) {
      const segment = log.spans.oldest();
      if (segment !== undefined && (oldest === undefined || segment < oldest)) oldest = segment;
    }
    return oldest;
  }
}

function putState(batch: Batch, type: typeof RECORD_TYPES.start | typeof RECORD_TYPES.state, group: BucketId, state: GroupState): void {
  const size = stateBytes(state);
  const at = batch.begin(size);
  encodeState(batch.bytes, at, state);
  batch.end(size, type, group);
}

function noop(): void {
  // Nobody waits.
}
