import * as fc from 'fast-check';
import { slot, SLOT_COUNT } from './ids';
import type { SlotRange } from './slot-range';
import { SlotSet } from './slot-set';

const range = fc.tuple(fc.nat(SLOT_COUNT - 1), fc.nat(SLOT_COUNT - 1)).map(([a, b]): SlotRange => ({ from: slot(Math.min(a, b)), to: slot(Math.max(a, b)) }));
const ranges = fc.array(range, { maxLength: 4 });

/** By its meaning. */
function members(of: readonly SlotRange[]): ReadonlySet<number> {
  const all = new Set<number>();
  for (const { from, to } of of) for (let at: number = from; at <= to; at += 1) all.add(at);
  return all;
}

test('is what its ranges say, and its ranges are ascending with gaps', () => {
  fc.assert(
    fc.property(ranges, ranges, (one, other) => {
      const [a, b] = [members(one), members(other)];
      const [x, y] = [SlotSet.of(one), SlotSet.of(other)];
      expect(x.size).toBe(a.size);
      expect(members(x.with(y).ranges())).toEqual(new Set([...a, ...b]));
      expect(members(x.without(y).ranges())).toEqual(new Set([...a].filter((at) => !b.has(at))));
      expect(members(x.common(y).ranges())).toEqual(new Set([...a].filter((at) => b.has(at))));
      expect(x.equals(SlotSet.of(x.ranges()))).toBe(true);
      expect(x.equals(y)).toBe(a.size === b.size && [...a].every((at) => b.has(at)));
      const written = x.ranges();
      for (const [at, { from, to }] of written.entries()) expect(from <= to && (at === 0 || from > (written[at - 1]?.to ?? 0) + 1)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('none, all, and single slots', () => {
  expect([SlotSet.NONE.size, SlotSet.ALL.size]).toEqual([0, SLOT_COUNT]);
  expect(SlotSet.ALL.ranges()).toEqual([{ from: 0, to: SLOT_COUNT - 1 }]);
  expect(SlotSet.where((at) => at === 5).has(slot(5))).toBe(true);
  expect(SlotSet.where((at) => at === 5).has(slot(6))).toBe(false);
});
