/** How far a reading that goes from slot to slot has come. */
import type { BucketMeta } from '@mas/ledger';

export class SlotShare {
  private readonly count: number;

  constructor(private readonly ranges: BucketMeta['slots']) {
    this.count = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  }

  /** From 0 to 1: of the slots, those before this one. */
  before(slot: number): number {
    const passed = this.ranges.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(slot, to + 1) - from), 0);
    return this.count === 0 ? 0 : passed / this.count;
  }
}
