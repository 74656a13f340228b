/**
 * How far the state machine is: applied, and handed out for applying but not yet acknowledged, with a bound on
 * the bytes of the latter. It pauses as soon as the bound is reached or the next entry would step over it.
 */
import { invariant } from '@mas/values';
import { maxIndex, type LogIndex } from '../model/ids';

export class ApplyWindow {
  private appliedIndex: LogIndex;
  private applyingIndex: LogIndex;
  private applyingBytes = 0;
  private paused = false;

  constructor(
    start: LogIndex,
    readonly maxBytes: number,
  ) {
    this.appliedIndex = start;
    this.applyingIndex = start;
  }

  get applied(): LogIndex {
    return this.appliedIndex;
  }

  get applying(): LogIndex {
    return this.applyingIndex;
  }

  get isPaused(): boolean {
    return this.paused;
  }

  roomBytes(): number {
    return this.maxBytes - this.applyingBytes;
  }

  /** @param available the last index that could have been handed out, had there been no limit. */
  handOut(last: LogIndex, bytes: number, available: LogIndex): void {
    this.applyingIndex = last;
    this.applyingBytes += bytes;
    this.paused = this.applyingBytes >= this.maxBytes || last < available;
  }

  appliedTo(index: LogIndex, bytes: number): void {
    invariant(index >= this.appliedIndex, 'applying never goes back', { index, applied: this.appliedIndex });
    this.appliedIndex = index;
    this.applyingIndex = maxIndex(this.applyingIndex, index);
    this.applyingBytes = Math.max(0, this.applyingBytes - bytes);
    this.paused = this.applyingBytes >= this.maxBytes;
  }
}
