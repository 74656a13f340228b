/**
 * About how many bytes of log lie between two indexes, for decisions on compaction and checkpoints. Marks are set
 * every so many bytes, so the answer is right to within one step; what was in the log at start counts as nothing.
 */
import { payloadBytes, type Entry } from '@mas/raft';

const STEP_BYTES = 64 * 1024;
/** Beyond it every second mark goes and the step doubles in effect; bounds memory, not precision where it matters. */
const MAX_MARKS = 4096;
/** Header of an entry on disk, about. */
const OVERHEAD_BYTES = 32;

interface Mark {
  readonly index: number;
  /** Sum of everything up to and including `index`. */
  readonly totalBytes: number;
}

export class LogSizes {
  private marks: Mark[] = [];
  private totalBytes = 0;
  private markedBytes = 0;

  wrote(entries: readonly Entry[]): void {
    const last = entries[entries.length - 1];
    if (last === undefined) return;
    this.totalBytes += payloadBytes(entries) + entries.length * OVERHEAD_BYTES;
    if (this.totalBytes - this.markedBytes < STEP_BYTES) return;
    this.markedBytes = this.totalBytes;
    this.marks.push({ index: last.index, totalBytes: this.totalBytes });
    if (this.marks.length > MAX_MARKS) this.marks = this.marks.filter((_, at) => at % 2 === 1);
  }

  /** Bytes behind `index`, up to the end of the log. */
  bytesAfter(index: number): number {
    let below = 0;
    for (let at = this.marks.length - 1; at >= 0; at -= 1) {
      const mark = this.marks[at];
      if (mark !== undefined && mark.index <= index) {
        below = mark.totalBytes;
        break;
      }
    }
    const first = this.marks[0];
    // Nothing at or below `index` is marked: count from the oldest mark that is left.
    if (below === 0 && first !== undefined && first.index > index) below = Math.max(0, first.totalBytes - STEP_BYTES);
    return this.totalBytes - below;
  }

  compacted(upTo: number): void {
    const keepFrom = this.marks.findLastIndex((mark) => mark.index <= upTo);
    if (keepFrom > 0) this.marks.splice(0, keepFrom);
  }
}
