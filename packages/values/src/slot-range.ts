/** Neighbouring slots: what moves between buckets together (docs/adr/0029), and what the placement map says of a bucket. */
import type { Slot } from './ids';

/** Inclusive. */
export interface SlotRange {
  readonly from: Slot;
  readonly to: Slot;
}

export function isIn({ from, to }: SlotRange, slot: number): boolean {
  return from <= slot && slot <= to;
}

export function overlap(a: SlotRange, b: SlotRange): boolean {
  return a.from <= b.to && b.from <= a.to;
}
