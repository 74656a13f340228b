/** Sets of slots as the map writes them: ascending ranges with a gap between any two. Pure. */
import { slot, type Slot, type SlotRange, overlap } from '@mas/values';

type Ranges = readonly SlotRange[];

export function containsAll(ranges: Ranges, { from, to }: SlotRange): boolean {
  return ranges.some((range) => range.from <= from && to <= range.to);
}

export function withSlots(ranges: Ranges, added: SlotRange): Ranges {
  const merged: SlotRange[] = [];
  for (const range of [...ranges, added].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1) merged[merged.length - 1] = { from: last.from, to: later(last.to, range.to) };
    else merged.push(range);
  }
  return merged;
}

export function withoutSlots(ranges: Ranges, taken: SlotRange): Ranges {
  return ranges.flatMap((range) => {
    if (!overlap(range, taken)) return [range];
    return [
      ...(range.from < taken.from ? [{ from: range.from, to: slot(taken.from - 1) }] : []),
      ...(taken.to < range.to ? [{ from: slot(taken.to + 1), to: range.to }] : []),
    ];
  });
}

function later(a: Slot, b: Slot): Slot {
  return a > b ? a : b;
}
