/** What operators want of slots: what is refused by name, what a repetition does, and that plans reach it and then move nothing. */
import { overlap, SLOT_COUNT, type SlotRange } from '@mas/values';
import * as fc from 'fast-check';
import { changeMap, type MapChange } from './map-changes';
import { PlacementIndex, type PlacementMap } from './placement-map';
import { MAX_MOVES } from './slots-changes';
import { countSlots, movesOf } from './slots-move';
import { nextSteps } from './slots-plan';
import { MAX_WANTED, wishesOf } from './slots-wishes';
import { add, after, b, end, founded, move, range, refusal, retire, stands } from './testing/changed-maps';
import { isBalanced, planWishes } from './wishes-plan';

/** Also of slots that there are not. */
const want = (from: number, to: number, first: number, last: number): MapChange => ({
  kind: 'want-slots',
  slots: { from: first as SlotRange['from'], to: last as SlotRange['to'] },
  from: b(from),
  to: b(to),
});
const empty = (bucket: number): MapChange => ({ kind: 'empty-bucket', bucket: b(bucket) });
const balance = (isBalancing: boolean): MapChange => ({ kind: 'balance-slots', isBalancing });
const pause = (isPaused: boolean): MapChange => ({ kind: 'pause-moves', isPaused });
const CANCEL: MapChange = { kind: 'cancel-moves' };

/** Slots 0–1364, 1365–2729 and 2730–4095. */
const map = founded(3, 3, 3);

describe('slots that are wanted in another bucket', () => {
  test.each<[string, MapChange, string | null]>([
    ['as many as a bucket has', want(1, 2, 0, 1364), null],
    ['more than it has', want(1, 2, 0, 1400), null],
    ['of another one', want(1, 2, 2730, 2800), 'SLOTS_ELSEWHERE'],
    ['of two, of which the second one is neither', want(1, 2, 1000, 2730), 'SLOTS_ELSEWHERE'],
    ['beyond the last one', want(1, 2, 0, 4096), 'SLOTS_INVALID'],
    ['backwards', want(1, 2, 9, 8), 'SLOTS_INVALID'],
    ['to itself', want(1, 1, 0, 9), 'SAME_BUCKET'],
    ['from nowhere', want(9, 1, 0, 9), 'UNKNOWN_BUCKET'],
    ['to nowhere', want(1, 9, 0, 9), 'UNKNOWN_BUCKET'],
  ])('%s', (_, change, expected) => {
    expect(refusal(map, change)).toBe(expected);
  });

  test('what is refused by how things are: on the way elsewhere, wanted elsewhere, a bucket that is being founded or emptied', () => {
    expect(refusal(after(map, move(1, 3, 5, 5)), want(1, 2, 0, 9))).toBe('SLOTS_ON_THE_MOVE');
    expect(refusal(after(map, want(1, 3, 5, 5)), want(1, 2, 0, 9))).toBe('SLOTS_ON_THE_MOVE');
    expect(refusal(after(map, add(4, 1, 2, 3)), want(1, 4, 0, 9))).toBe('BUCKET_FOUNDING');
    expect(refusal(after(map, empty(2)), want(1, 2, 0, 9))).toBe('BUCKET_RETIRING');
    const many = Array.from({ length: MAX_WANTED }, (_, at) => want(1, 2, at * 2, at * 2));
    expect(refusal(after(map, ...many), want(1, 2, 1_000, 1_000))).toBe('TOO_MANY_MOVES');
  });

  test('a repetition changes nothing, before, while and after they move', () => {
    const wanted = after(map, want(1, 2, 0, 599));
    expect(after(wanted, want(1, 2, 0, 599))).toBe(wanted);
    expect(after(wanted, want(1, 2, 100, 199))).toBe(wanted);
    const moving = after(wanted, move(1, 2, 0, 255));
    expect(after(moving, want(1, 2, 0, 599))).toBe(moving);
    const some = after(moving, end(moving.version, true));
    expect(after(some, want(1, 2, 0, 599))).toBe(some);
    expect(wishesOf(some).wanted).toEqual([{ slots: range(256, 599), from: 1, to: 2 }]);
    const all = settled(some);
    expect(after(all, want(1, 2, 0, 599))).toBe(all);
  });

  test('what was declined is wanted still, what was adopted is not', () => {
    const moving = after(map, want(1, 2, 0, 9), move(1, 2, 0, 9));
    expect(planWishes(moving)).toEqual([]);
    expect(planWishes(after(moving, end(moving.version, false)))).toEqual([{ slots: range(0, 9), from: 1, to: 2 }]);
    expect(after(moving, end(moving.version, true)).cluster?.wishes).toBeUndefined();
  });

  test('go in as many moves as it takes, and before a balance', () => {
    const wanted = after(map, want(1, 2, 0, 599), balance(true));
    expect(planWishes(wanted).map(({ slots }) => slots)).toEqual([range(0, 255), range(256, 511), range(512, 599)]);
    const moved = after(settled(after(map, want(1, 2, 0, 599))), balance(true));
    expect(planWishes(moved)).not.toEqual([]);
    expect(isBalanced(settled(moved))).toBe(true);
  });
});

describe('a bucket that is emptied', () => {
  test('gives its slots to all others, takes none, and can be retired then', () => {
    const emptied = settled(after(map, empty(3)));
    expect(emptied.buckets.map(({ slots }) => countSlots(slots))).toEqual([2_048, 2_048, 0]);
    expect(refusal(after(map, empty(3)), retire(3))).toBe('BUCKET_HAS_SLOTS');
    expect(after(emptied, retire(3)).cluster?.wishes).toBeUndefined();
  });

  test('moves nothing else', () => {
    const uneven = settled(after(map, want(1, 2, 0, 999)));
    const plan = planWishes(after(uneven, empty(3)));
    expect(new Set(plan.map(({ from }) => from))).toEqual(new Set([3]));
    expect(countSlots(plan.map(({ slots }) => slots))).toBe(1_366);
  });

  test('some bucket that stands has to stay', () => {
    expect(refusal(founded(3, 1, 3), empty(1))).toBe('NO_BUCKET_LEFT');
    expect(refusal(after(map, empty(1), empty(2)), empty(3))).toBe('NO_BUCKET_LEFT');
    expect(refusal(after(founded(3, 1, 3), add(2, 1, 2, 3)), empty(1))).toBe('NO_BUCKET_LEFT');
    expect(refusal(after(founded(3, 1, 3), add(2, 1, 2, 3), stands(2)), empty(1))).toBeNull();
    expect(refusal(after(founded(3, 1, 3), add(2, 1, 2, 3), stands(2), empty(1)), retire(2))).toBe('NO_BUCKET_LEFT');
    expect(refusal(map, empty(9))).toBe('UNKNOWN_BUCKET');
  });

  test('a repetition changes nothing, also once it is retired; nothing is wanted in it by name any more', () => {
    const emptied = after(map, want(1, 3, 0, 9), empty(3));
    expect(wishesOf(emptied)).toMatchObject({ retiring: [3], wanted: [] });
    expect(after(emptied, empty(3))).toBe(emptied);
    const gone = after(settled(emptied), retire(3));
    expect(after(gone, empty(3))).toBe(gone);
  });
});

test('a bucket that is being founded is retired at once, with whatever is wanted', () => {
  const founding = after(map, add(4, 1, 2, 3), balance(true));
  expect(after(founding, retire(4)).buckets).toHaveLength(3);
});

test('a pause stays until it is taken back, and a repetition of either changes nothing', () => {
  const paused = after(map, pause(true));
  expect(after(paused, pause(true))).toBe(paused);
  expect(wishesOf(paused).isPaused).toBe(true);
  expect(after(paused, pause(false)).cluster?.wishes).toBeUndefined();
  expect(after(map, pause(false))).toBe(map);
});

test('cancelled: nothing is wanted any more, and what is under way is called off; a repetition changes nothing', () => {
  const busy = after(map, want(1, 2, 0, 599), empty(3), balance(true), pause(true), move(1, 2, 0, 255), move(3, 1, 2730, 2800));
  const cancelled = after(busy, CANCEL);
  expect(cancelled.cluster?.wishes).toBeUndefined();
  expect(movesOf(cancelled).map(({ calledOff }) => calledOff)).toEqual([true, true]);
  expect(after(cancelled, CANCEL)).toBe(cancelled);
  expect(after(map, CANCEL)).toBe(map);
  expect(planWishes(cancelled)).toEqual([]);
});

/** Whatever is wanted of a cluster, in whatever order, and whichever moves are declined: it comes to an end, and each slot has one owner all the time. */
test('wishes of any kind are reached, and then nothing moves', () => {
  const change = fc.oneof(
    fc.record({
      kind: fc.constant('want' as const),
      from: fc.integer({ min: 1, max: 5 }),
      to: fc.integer({ min: 1, max: 5 }),
      first: fc.nat(4_095),
      more: fc.nat(900),
    }),
    fc.record({ kind: fc.constant('empty' as const), bucket: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('balance' as const) }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.array(change, { minLength: 1, maxLength: 5 }),
      fc.array(fc.boolean(), { maxLength: 10 }),
      (buckets, wishes, ends) => {
        let now = founded(3, buckets, 3);
        for (const one of wishes) {
          const asked =
            one.kind === 'want'
              ? want(one.from, one.to, one.first, Math.min(one.first + one.more, SLOT_COUNT - 1))
              : one.kind === 'empty'
                ? empty(one.bucket)
                : balance(true);
          const changed = changeMap(now, asked);
          if (changed.ok) now = changed.value;
        }
        const reached = settled(now, ends);
        expect(new PlacementIndex(reached).map.buckets).toHaveLength(buckets);
        for (const bucket of wishesOf(reached).retiring) expect(reached.buckets.find((each) => each.bucket === bucket)?.slots).toEqual([]);
        expect(wishesOf(reached).wanted).toEqual([]);
      },
    ),
  );
});

/** As a steward and carriers bring it about. @param ends whether the next moves are adopted; those behind are */
function settled(from: PlacementMap, ends: readonly boolean[] = []): PlacementMap {
  let now = from;
  const left = [...ends];
  for (let looks = 0; looks < 1_000; looks += 1) {
    const steps = nextSteps(now, planWishes(now), MAX_MOVES);
    if (steps.length === 0 && movesOf(now).length === 0) return now;
    for (const step of steps) now = after(now, { kind: 'move-slots', ...step });
    const moves = movesOf(now);
    for (const one of moves) expect(moves.filter((other) => overlap(other.slots, one.slots))).toHaveLength(1);
    for (const { number } of moves) now = after(now, end(number, left.shift() ?? true));
  }
  throw new Error('it comes to no end');
}
