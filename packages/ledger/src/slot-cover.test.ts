/** Who speaks for a slot while it moves; what buckets hold in any history is asked in moving.model.test.ts. */
import { bucketId, slot, SLOT_COUNT, type SlotRange } from '@mas/values';
import { countedSlots, lastMoveOf, NO_MOVES, SlotCover, type Departure, type Holder } from './index';

const ALL: SlotRange = { from: slot(0), to: slot(SLOT_COUNT - 1) };
const S: SlotRange = { from: slot(10), to: slot(19) };
const REST: readonly SlotRange[] = [
  { from: slot(0), to: slot(9) },
  { from: slot(20), to: slot(SLOT_COUNT - 1) },
];
const HANDOVER = { lockSeq: 0, momentUs: 1, momentsSinceUs: 1, lastSeq: 1, semanticsVersion: 9, policyVersion: 1 };

function holder(bucket: number, slots: readonly SlotRange[], more: { readonly released?: number; readonly moved?: number } = {}): Holder {
  const { released, moved = released ?? 0 } = more;
  const departing: readonly Departure[] = released === undefined ? [] : [{ move: released, slots: S, to: bucketId(9), handover: HANDOVER }];
  return { bucket: bucketId(bucket), holdings: { slots, moves: { ...NO_MOVES, departing, moved: moved === 0 ? [] : [{ ...S, move: moved }] } } };
}

function told(holders: readonly Holder[]): { readonly of: readonly number[]; readonly missing: number; readonly twice: number; readonly ownedTwice: number } {
  const cover = new SlotCover(holders);
  return {
    of: holders.map(({ bucket }) => cover.of(bucket).size),
    missing: cover.missing().size,
    twice: cover.countedTwice().size,
    ownedTwice: cover.ownedTwice().size,
  };
}

test.each<[string, readonly Holder[], ReturnType<typeof told>]>([
  ['nothing moves', [holder(1, [ALL]), holder(2, [])], { of: [SLOT_COUNT, 0], missing: 0, twice: 0, ownedTwice: 0 }],
  ['released: the giver speaks', [holder(1, REST, { released: 1 }), holder(2, [])], { of: [SLOT_COUNT, 0], missing: 0, twice: 0, ownedTwice: 0 }],
  [
    'adopted: the taker speaks, both count',
    [holder(1, REST, { released: 1 }), holder(2, [S], { moved: 1 })],
    { of: [SLOT_COUNT - 10, 10], missing: 0, twice: 10, ownedTwice: 0 },
  ],
  ['confirmed', [holder(1, REST, { moved: 1 }), holder(2, [S], { moved: 1 })], { of: [SLOT_COUNT - 10, 10], missing: 0, twice: 0, ownedTwice: 0 }],
  [
    'declined, and the giver has not heard',
    [holder(1, REST, { released: 1 }), holder(2, [], { moved: 1 })],
    { of: [SLOT_COUNT, 0], missing: 0, twice: 0, ownedTwice: 0 },
  ],
  [
    'confirmed before it is adopted, by clocks that differ',
    [holder(1, REST, { moved: 1 }), holder(2, [])],
    { of: [SLOT_COUNT - 10, 0], missing: 10, twice: 0, ownedTwice: 0 },
  ],
  [
    'the taker has given it away in turn: what the giver has is older, and the third has not adopted yet',
    [holder(1, REST, { released: 1 }), holder(2, [], { moved: 2 }), holder(3, [])],
    { of: [SLOT_COUNT - 10, 0, 0], missing: 10, twice: 0, ownedTwice: 0 },
  ],
  [
    'of two that have released it the later one speaks',
    [holder(1, REST, { released: 1 }), holder(2, [], { released: 2 }), holder(3, [])],
    { of: [SLOT_COUNT - 10, 10, 0], missing: 0, twice: 10, ownedTwice: 0 },
  ],
  ['one of them does not answer', [holder(2, [S])], { of: [10], missing: SLOT_COUNT - 10, twice: 0, ownedTwice: 0 }],
  ['two say that it is theirs', [holder(1, [ALL]), holder(2, [S])], { of: [SLOT_COUNT - 10, 10], missing: 0, twice: 10, ownedTwice: 10 }],
])('%s', (_, holders, expected) => {
  expect(told(holders)).toEqual(expected);
});

test('a bucket counts what it owns, and what it has released', () => {
  const { holdings } = holder(1, REST, { released: 7 });
  expect(countedSlots(holdings).ranges()).toEqual([ALL]);
  expect(lastMoveOf(holdings)).toBe(7);
  expect(lastMoveOf(holder(1, [ALL]).holdings)).toBe(0);
});
