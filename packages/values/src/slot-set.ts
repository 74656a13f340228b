/** A set of slots; a value. */
import { slot, SLOT_COUNT, type Slot } from './ids';
import type { SlotRange } from './slot-range';

export class SlotSet {
  static readonly NONE = new SlotSet(new Uint8Array(SLOT_COUNT));
  static readonly ALL = new SlotSet(new Uint8Array(SLOT_COUNT).fill(1));

  /** 1 for each slot that is in it. */
  private constructor(private readonly slots: Uint8Array) {}

  static of(ranges: Iterable<SlotRange>): SlotSet {
    const slots = new Uint8Array(SLOT_COUNT);
    for (const { from, to } of ranges) slots.fill(1, from, to + 1);
    return new SlotSet(slots);
  }

  static where(isIn: (slot: number) => boolean): SlotSet {
    return new SlotSet(Uint8Array.from({ length: SLOT_COUNT }, (_, at) => (isIn(at) ? 1 : 0)));
  }

  has(ofSlot: Slot): boolean {
    return this.slots[ofSlot] === 1;
  }

  get size(): number {
    return this.slots.reduce((sum, each) => sum + each, 0);
  }

  with(other: SlotSet): SlotSet {
    return SlotSet.where((at) => this.slots[at] === 1 || other.slots[at] === 1);
  }

  without(other: SlotSet): SlotSet {
    return SlotSet.where((at) => this.slots[at] === 1 && other.slots[at] !== 1);
  }

  common(other: SlotSet): SlotSet {
    return SlotSet.where((at) => this.slots[at] === 1 && other.slots[at] === 1);
  }

  equals(other: SlotSet): boolean {
    return this.slots.every((each, at) => each === other.slots[at]);
  }

  /** Ascending, with a gap between any two. */
  ranges(): readonly SlotRange[] {
    const ranges: SlotRange[] = [];
    for (let from = this.slots.indexOf(1); from >= 0; ) {
      const end = this.slots.indexOf(0, from);
      ranges.push({ from: slot(from), to: slot((end < 0 ? SLOT_COUNT : end) - 1) });
      from = end < 0 ? -1 : this.slots.indexOf(1, end);
    }
    return ranges;
  }
}
