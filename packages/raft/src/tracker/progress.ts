/**
 * The leader's view of one member, and when it may send to it.
 *   probe      where its log ends is unknown: one append per heartbeat interval until it answers
 *   replicate  appends are streamed optimistically, bounded by the inflight window
 *   snapshot   it needs entries that are compacted: nothing is sent until the snapshot is through
 * Invariant: match < next. In 'snapshot', next = pendingSnapshot + 1.
 */
import { invariant } from '@mas/values';
import { indexPlus, maxIndex, minIndex, ZERO_INDEX, type LogIndex } from '../model/ids';
import { Inflights } from './inflights';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export interface InflightLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

export class Progress {
  state: ProgressState = 'probe';
  match: LogIndex = ZERO_INDEX;
  /** Index of the snapshot under way, in state 'snapshot'. */
  pendingSnapshot: LogIndex = ZERO_INDEX;
  /** Heard from since the last quorum check. */
  recentActive = false;
  /** Sending waits for an answer or the next heartbeat's. */
  paused = false;
  inflights: Inflights;
  /** The highest commit index sent; lowered when the follower probably did not get it. */
  private sentCommit: LogIndex = ZERO_INDEX;

  constructor(
    public next: LogIndex,
    public isLearner: boolean,
    limits: InflightLimits,
  ) {
    this.inflights = new Inflights(limits.maxMessages, limits.maxBytes);
  }

  /** A copy whose role can be changed on its own; the window stays shared. */
  twin(): Progress {
    return Object.assign(Object.create(Progress.prototype) as Progress, this);
  }

  becomeProbe(): void {
    // A snapshot that was sent is where probing goes on; a failed one has pendingSnapshot cleared before.
    const pending = this.state === 'snapshot' ? this.pendingSnapshot : ZERO_INDEX;
    this.enter('probe');
    this.next = indexPlus(maxIndex(this.match, pending), 1);
    this.sentCommit = minIndex(this.sentCommit, indexPlus(this.next, -1));
  }

  becomeReplicate(): void {
    this.enter('replicate');
    this.next = indexPlus(this.match, 1);
  }

  becomeSnapshot(index: LogIndex): void {
    this.enter('snapshot');
    this.pendingSnapshot = index;
    this.next = indexPlus(index, 1);
    this.sentCommit = index;
  }

  /** An append with `count` entries of `bytes` payload, from `next` on, is on its way. */
  sentEntries(count: number, bytes: number): void {
    invariant(this.state !== 'snapshot', 'nothing is appended while a snapshot is under way');
    if (this.state === 'probe') {
      if (count > 0) this.paused = true;
      return;
    }
    if (count > 0) {
      this.next = indexPlus(this.next, count);
      this.inflights.add(indexPlus(this.next, -1), bytes);
    }
    // With a full window this message serves as a probe: the next one waits for the heartbeat's answer.
    this.paused = this.inflights.isFull();
  }

  sentCommitIndex(commit: LogIndex): void {
    this.sentCommit = commit;
  }

  /** Whether telling it of `commit` could move it, given what it was told and has. */
  canBumpCommit(commit: LogIndex): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** @returns false for an outdated acknowledgement. */
  acknowledge(index: LogIndex): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = maxIndex(this.next, indexPlus(index, 1));
    this.paused = false;
    return true;
  }

  /**
   * Moves `next` back after a rejection of the append that followed `rejected`, to try at `hint` next.
   * @returns false when the rejection is outdated (reordered or repeated).
   */
  reject(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false;
      this.next = indexPlus(this.match, 1);
      this.sentCommit = minIndex(this.sentCommit, indexPlus(this.next, -1));
      return true;
    }
    // Probing goes one append at a time, so a genuine rejection is about the last one.
    if (indexPlus(this.next, -1) !== rejected) return false;
    this.next = maxIndex(minIndex(rejected, indexPlus(hint, 1)), indexPlus(this.match, 1));
    this.sentCommit = minIndex(this.sentCommit, indexPlus(this.next, -1));
    this.paused = false;
    return true;
  }

  isPaused(): boolean {
    return this.state === 'snapshot' || this.paused;
  }

  private enter(state: ProgressState): void {
    this.paused = false;
    this.pendingSnapshot = ZERO_INDEX;
    this.state = state;
    this.inflights.clear();
  }
}
