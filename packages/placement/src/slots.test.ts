/** Slots move and buckets come and go on the map: what is refused by name, what a repetition does, and plans that reach what they want and then move nothing. */
import { MAX_BUCKET_ID, MAX_SLOTS_PER_MOVE, present, rmId, slot, SLOT_COUNT, type BucketId, type SlotRange, overlap } from '@mas/values';
import * as fc from 'fast-check';
import { planBucket } from './bucket-plan';
import { changeMap, type MapChange } from './map-changes';
import { META_GROUP, PlacementIndex, type PlacementMap } from './placement-map';
import { rosterOf } from './roster';
import { withoutSlots, withSlots } from './slot-ranges';
import { MAX_MOVES, MAX_MOVES_PER_BUCKET } from './slots-changes';
import { bucketsWithRows, countSlots, founderOf, isRetired, laterBucketsOf, movesOf, type SlotsStep } from './slots-move';
import { EVENLY, nextSteps, planSlots, type SlotsTarget } from './slots-plan';
import { add, after, b, end, founded, move, range, refusal, retire, stands } from './testing/changed-maps';

const everybody = (): boolean => true;
const callOff = (number: number): MapChange => ({ kind: 'call-off', move: number });
const slotsOf = (map: PlacementMap, bucket: number): readonly SlotRange[] => present(map.buckets.find((one) => one.bucket === b(bucket))?.slots, 'bucket');
const counts = (map: PlacementMap): readonly number[] => map.buckets.map(({ slots }) => countSlots(slots));

/** Slots 0–1364, 1365–2729 and 2730–4095. */
const map = founded(3, 3, 3);
/** With bucket 4, which stands. */
const grown = after(map, add(4, 1, 2, 3), stands(4));

describe('a move of slots', () => {
  test('has the version of the map as its number, and changes who has them only when it ends', () => {
    const ordered = after(map, move(1, 2, 100, 199));
    expect(movesOf(ordered)).toEqual([{ number: 3, slots: range(100, 199), from: 1, to: 2, calledOff: false }]);
    expect(ordered.version).toBe(3);
    expect(ordered.buckets).toEqual(map.buckets);
    const adopted = after(ordered, end(3, true));
    expect(slotsOf(adopted, 1)).toEqual([range(0, 99), range(200, 1364)]);
    expect(slotsOf(adopted, 2)).toEqual([range(100, 199), range(1365, 2729)]);
    expect(adopted).toMatchObject({ version: 4 });
    expect(adopted.cluster).toEqual(map.cluster);
    const back = after(adopted, move(2, 1, 100, 199), end(5, true));
    expect(back.buckets).toEqual(map.buckets);
  });

  test('that is declined leaves the slots where they are', () => {
    expect(after(map, move(1, 2, 100, 199), end(3, false))).toEqual({ ...map, version: 4 });
  });

  test('that was called off may have been adopted all the same', () => {
    const calledOff = after(map, move(1, 2, 100, 199), callOff(3));
    expect(movesOf(calledOff)).toMatchObject([{ number: 3, calledOff: true }]);
    expect(slotsOf(after(calledOff, end(3, true)), 2)).toEqual([range(100, 199), range(1365, 2729)]);
  });

  test('of one slot, of the first and of the last', () => {
    const moved = after(map, move(1, 3, 0, 0), move(3, 1, 4095, 4095), end(3, true), end(4, true));
    expect(slotsOf(moved, 1)).toEqual([range(1, 1364), range(4095, 4095)]);
    expect(slotsOf(moved, 3)).toEqual([range(0, 0), range(2730, 4094)]);
  });

  test('said twice is one move, and its end is heard once', () => {
    const ordered = after(map, move(1, 2, 100, 199));
    expect(after(ordered, move(1, 2, 100, 199))).toBe(ordered);
    const calledOff = after(ordered, callOff(3));
    expect(after(calledOff, callOff(3))).toBe(calledOff);
    const adopted = after(ordered, end(3, true));
    for (const late of [end(3, true), end(3, false), move(1, 2, 100, 199)]) expect(after(adopted, late)).toBe(adopted);
  });

  const busy = after(map, move(1, 2, 0, 99), move(1, 3, 200, 299));
  const most = Array.from({ length: MAX_MOVES }, (_, at) => move(1 + at, 1 + ((at + 1) % 9), at * 455 + 1, at * 455 + 1));
  test.each<[string, MapChange, PlacementMap]>([
    ['UNKNOWN_BUCKET', move(1, 9, 0, 1), map],
    ['UNKNOWN_BUCKET', move(9, 1, 0, 1), map],
    ['UNKNOWN_BUCKET', move(0, 1, 0, 1), map],
    ['SAME_BUCKET', move(1, 1, 0, 1), map],
    ['SLOTS_INVALID', move(1, 2, 2, 1), map],
    ['SLOTS_INVALID', move(1, 2, 0, 256), map],
    ['SLOTS_INVALID', move(3, 2, 4000, 4096), map],
    ['SLOTS_ELSEWHERE', move(1, 3, 1300, 1365), map],
    ['SLOTS_ELSEWHERE', move(2, 3, 0, 1), map],
    ['SLOTS_ON_THE_MOVE', move(1, 3, 99, 101), busy],
    ['SLOTS_ON_THE_MOVE', move(1, 2, 0, 99), after(busy, callOff(3))],
    ['TOO_MANY_MOVES', move(1, 2, 600, 601), busy],
    ['TOO_MANY_MOVES', move(9, 5, 4000, 4000), after(founded(3, 9, 3), ...most)],
    ['BUCKET_FOUNDING', move(1, 4, 0, 1), after(map, add(4, 1, 2, 3))],
    ['MOVE_OVER', callOff(3), map],
    ['MOVE_OVER', callOff(3), after(map, move(1, 2, 100, 199), end(3, false))],
    ['CLUSTER_NOT_RECORDED', move(1, 2, 0, 1), { ...map, cluster: null }],
  ])('%s', (name, change, on) => {
    expect(refusal(on, change)).toBe(name);
  });
});

describe('a bucket', () => {
  test('is added without slots, is founded by the first of its replicas, and stands', () => {
    const added = after(map, add(4, 2, 3, 1));
    expect(added.buckets.at(-1)).toEqual({ bucket: 4, slots: [], replicas: [2, 3, 1] });
    expect(laterBucketsOf(added)).toEqual({ lastId: 4, founding: [{ bucket: 4, founder: { rm: 2, ordinal: 1 } }] });
    expect(founderOf(added, b(4))).toEqual({ rm: 2, ordinal: 1 });
    expect(new PlacementIndex(added).bucketOf(slot(0))).toBe(1);
    expect(bucketsWithRows(added)).toEqual([1, 2, 3]);
    expect(founderOf(after(added, stands(4)), b(4))).toBeNull();
    expect(bucketsWithRows(after(added, stands(4), move(1, 4, 0, 9)))).toEqual([1, 2, 3, 4]);
  });

  test('that is retired is gone for good: its id is never given again', () => {
    const gone = after(grown, retire(4));
    expect(gone.buckets).toEqual(map.buckets);
    expect([1, 3, 4, 5].map((id) => isRetired(gone, b(id)))).toEqual([false, false, true, false]);
    expect(isRetired(map, b(4))).toBe(false);
    expect(isRetired(gone, META_GROUP)).toBe(false);
    expect(refusal(gone, add(4, 1, 2, 3))).toBe('BUCKET_ID_USED');
    expect(planBucket(gone, everybody)).toMatchObject({ ok: true, value: { bucket: 5 } });
    expect(isRetired(after(gone, add(5, 1, 2, 3)), b(4))).toBe(true);
  });

  test('one of the first can be retired as well, once it is empty', () => {
    const steps = Array.from({ length: 6 }, (_, at) => range(1365 + at * 256, Math.min(1365 + at * 256 + 255, 2729)));
    const emptied = steps.reduce((now, slots) => after(now, { kind: 'move-slots', slots, from: b(2), to: b(1) }, end(now.version + 1, true)), map);
    const gone = after(emptied, retire(2));
    expect(gone.buckets.map(({ bucket }) => bucket)).toEqual([1, 3]);
    expect(laterBucketsOf(gone)).toEqual({ lastId: 3, founding: [] });
    expect(refusal(gone, move(2, 1, 1400, 1400))).toBe('UNKNOWN_BUCKET');
  });

  test('said twice changes nothing, not even the version', () => {
    for (const [on, change] of [
      [map, add(4, 1, 2, 3)],
      [after(map, add(4, 1, 2, 3)), stands(4)],
      [grown, retire(4)],
    ] as const) {
      const once = after(on, change);
      expect(once.version).toBe(on.version + 1);
      expect(after(once, change)).toBe(once);
    }
  });

  const lost: PlacementMap = {
    ...map,
    cluster: { ...present(map.cluster, 'cluster'), nodes: present(map.cluster, 'cluster').nodes.map((node) => ({ ...node, isLost: node.rm === rmId(3) })) },
  };
  const spare = founded(4, 3, 3);
  test.each<[string, MapChange, PlacementMap]>([
    ['BUCKET_ID_NOT_NEXT', add(5, 1, 2, 3), map],
    ['BUCKET_ID_USED', add(0, 1, 2, 3), map],
    ['REPLICAS_INVALID', add(4, 1, 2), map],
    ['REPLICAS_INVALID', add(4, 1, 2, 2), map],
    ['UNKNOWN_NODE', add(4, 1, 2, 7), map],
    ['NODE_DRAINS', add(4, 1, 2, 4), after(spare, { kind: 'drain', rm: rmId(4), isDraining: true })],
    ['DISK_LOST', add(4, 1, 2, 3), lost],
    ['TOO_FEW_NODES', add(4, 1, 2, 3), withFewerNodes(spare, 2)],
    ['UNKNOWN_BUCKET', stands(4), map],
    ['UNKNOWN_BUCKET', retire(4), map],
    ['UNKNOWN_BUCKET', retire(0), map],
    ['BUCKET_HAS_SLOTS', retire(1), map],
    ['BUCKET_HAS_MOVES', retire(4), after(grown, move(1, 4, 0, 9))],
    ['BUCKET_FOUNDING', { kind: 'place', placed: [{ bucket: b(4), replicas: [2, 3, 4].map(rmId) }] }, after(spare, add(4, 1, 2, 3))],
  ])('%s', (name, change, on) => {
    expect(refusal(on, change)).toBe(name);
  });

  test('while it is founded its other replicas may go elsewhere, and afterwards the founder\u2019s', () => {
    const added = after(spare, add(4, 1, 2, 3));
    expect(refusal(added, { kind: 'place', placed: [{ bucket: b(4), replicas: [1, 3, 4].map(rmId) }] })).toBeNull();
    expect(refusal(after(added, stands(4)), { kind: 'place', placed: [{ bucket: b(4), replicas: [2, 3, 4].map(rmId) }] })).toBeNull();
  });

  test('goes to those who have least, and answer', () => {
    const planned = (on: PlacementMap, isUp: (rm: number) => boolean = everybody): unknown => {
      const change = planBucket(on, isUp);
      return change.ok ? change.value : change.error.name;
    };
    expect(planned(spare)).toEqual({ kind: 'add-bucket', bucket: 4, replicas: [1, 2, 4].map(rmId) });
    expect(planned(spare, (rm) => rm !== 4)).toMatchObject({ replicas: [1, 2, 3] });
    expect(planned(map, (rm) => rm !== 2)).toBe('TOO_FEW_NODES');
    expect(planned({ ...map, cluster: null })).toBe('CLUSTER_NOT_RECORDED');
    const used = after(map, add(4, 1, 2, 3));
    const last = { lastId: b(MAX_BUCKET_ID), founding: [] };
    expect(planned({ ...used, cluster: { ...present(used.cluster, 'cluster'), laterBuckets: last } })).toBe('BUCKET_IDS_USED_UP');
  });
});

function withFewerNodes(of: PlacementMap, most: number): PlacementMap {
  const cluster = present(of.cluster, 'cluster');
  return { ...of, cluster: { ...cluster, nodes: cluster.nodes.slice(0, most) } };
}

describe('ranges', () => {
  const bits = fc.uniqueArray(fc.nat(20), { maxLength: 21 });
  const part = fc.tuple(fc.nat(20), fc.nat(20)).map(([x, y]) => range(Math.min(x, y), Math.max(x, y)));
  const inRange = ({ from, to }: SlotRange): readonly number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const rangesOf = (slots: readonly number[]): readonly SlotRange[] =>
    slots.reduce<readonly SlotRange[]>((ranges, one) => withSlots(ranges, range(one, one)), []);

  test('are sets, written in one form', () => {
    fc.assert(
      fc.property(bits, part, (slots, other) => {
        const ranges = rangesOf(slots);
        expect(ranges.flatMap(inRange)).toEqual([...slots].sort((x, y) => x - y));
        for (const [at, one] of ranges.entries()) if (at > 0) expect(one.from).toBeGreaterThan(present(ranges[at - 1], 'range').to + 1);
        expect(withSlots(ranges, other)).toEqual(rangesOf([...new Set([...slots, ...inRange(other)])]));
        expect(withoutSlots(ranges, other)).toEqual(rangesOf(slots.filter((one) => one < other.from || one > other.to)));
      }),
    );
  });
});

/** What every map keeps to, whatever was ordered. */
function expectSound(on: PlacementMap): void {
  expect(new PlacementIndex(on).map).toBe(on);
  const moves = movesOf(on);
  expect(moves.length).toBeLessThanOrEqual(MAX_MOVES);
  for (const [at, one] of moves.entries()) {
    expect(one.number).toBeLessThanOrEqual(on.version);
    expect(slotsOf(on, one.from).some(({ from, to }) => from <= one.slots.from && one.slots.to <= to)).toBe(true);
    expect(on.buckets.some(({ bucket }) => bucket === one.to)).toBe(true);
    for (const other of moves.slice(0, at)) {
      expect(other.number).toBeLessThan(one.number);
      expect(overlap(other.slots, one.slots)).toBe(false);
    }
  }
  for (const { bucket } of on.buckets)
    expect(moves.filter(({ from, to }) => from === bucket || to === bucket).length).toBeLessThanOrEqual(MAX_MOVES_PER_BUCKET);
  for (const { bucket } of laterBucketsOf(on).founding) expect(slotsOf(on, bucket)).toEqual([]);
}

test('whatever is ordered, repeated or late: every slot has one bucket, no slot has two moves, and numbers rise', () => {
  const bucket = fc.integer({ min: 1, max: 7 }).map(b);
  const number = fc.integer({ min: 1, max: 30 });
  const first = fc.integer({ min: 0, max: SLOT_COUNT - 1 });
  const slots = fc.tuple(first, fc.constantFrom(0, 9, 255)).map(([from, more]) => range(from, Math.min(from + more, SLOT_COUNT - 1)));
  const change: fc.Arbitrary<MapChange> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('move-slots' as const), slots, from: bucket, to: bucket }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('end-move' as const), move: number, isAdopted: fc.boolean() }) },
    fc.record({ kind: fc.constant('call-off' as const), move: number }),
    fc.record({ kind: fc.constant('add-bucket' as const), bucket, replicas: fc.constantFrom([1, 2, 3].map(rmId), [3, 1, 2].map(rmId), [1, 2].map(rmId)) }),
    fc.record({ kind: fc.constant('founded' as const), bucket }),
    fc.record({ kind: fc.constant('retire-bucket' as const), bucket }),
  );
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const given = new Set<number>();
      const gone = new Set<BucketId>();
      let now = map;
      for (const one of changes) {
        const changed = changeMap(now, one);
        if (!changed.ok) continue;
        const next = changed.value;
        if (next !== now) expect(next.version).toBe(now.version + 1);
        for (const { number: each } of movesOf(next).filter((other) => movesOf(now).every((old) => old.number !== other.number))) {
          expect(given.has(each)).toBe(false);
          given.add(each);
        }
        for (const { bucket: id } of now.buckets) if (next.buckets.every((other) => other.bucket !== id)) gone.add(id);
        for (const id of gone) expect(isRetired(next, id)).toBe(true);
        for (const { bucket: id } of next.buckets) expect(gone.has(id) || isRetired(next, id)).toBe(false);
        expectSound(next);
        const again = changeMap(next, one);
        if (one.kind !== 'call-off' && one.kind !== 'move-slots') expect(again).toEqual({ ok: true, value: next });
        now = next;
      }
    }),
    { numRuns: 300 },
  );
});

describe('a plan of slots', () => {
  const planned = (on: PlacementMap, target: SlotsTarget = EVENLY): readonly SlotsStep[] => {
    const steps = planSlots(on, target);
    if (!steps.ok) throw new Error(steps.error.name);
    return steps.value;
  };
  const withBuckets = (on: PlacementMap, more: number): PlacementMap =>
    Array.from({ length: more }).reduce<PlacementMap>((now) => {
      const change = planBucket(now, everybody);
      if (!change.ok) throw new Error(change.error.name);
      const added = after(now, change.value);
      return after(added, { kind: 'founded', bucket: laterBucketsOf(added).lastId });
    }, on);
  const moved = (steps: readonly SlotsStep[]): number => countSlots(steps.map(({ slots }) => slots));

  /** Orders what may be ordered, ends all of it, looks again. */
  function carriedOut(on: PlacementMap, target: SlotsTarget, most = MAX_MOVES): { readonly reached: PlacementMap; readonly slots: number } {
    let now = on;
    let slots = 0;
    for (;;) {
      const next = nextSteps(now, planned(now, target), most);
      if (next.length === 0) return { reached: now, slots };
      expect(next.length).toBeLessThanOrEqual(most);
      now = next.reduce((current, step) => after(current, { kind: 'move-slots', ...step }), now);
      expectSound(now);
      slots += moved(next);
      now = movesOf(now).reduce((current, { number }) => after(current, end(number, true)), now);
    }
  }

  test('of three buckets that become sixteen, and three again', () => {
    const wide = withBuckets(map, 13);
    const spread = carriedOut(wide, EVENLY);
    expect(new Set(counts(spread.reached))).toEqual(new Set([256]));
    expect(spread.slots).toBe(SLOT_COUNT - 3 * 256);
    const emptied = spread.reached.buckets.slice(3).map(({ bucket }) => bucket);
    const back = carriedOut(spread.reached, { weights: new Map(), emptied });
    expect(back.slots).toBe(13 * 256);
    const three = emptied.reduce((now, bucket) => after(now, { kind: 'retire-bucket', bucket }), back.reached);
    expect([...counts(three)].sort()).toEqual([1365, 1365, 1366]);
    expect(planned(three)).toEqual([]);
  });

  test('leaves a cluster alone that has its shares, as it was founded', () => {
    for (const buckets of [1, 2, 3, 7, 16, 100, 1024]) expect(planned(founded(3, buckets, 3))).toEqual([]);
  });

  test('counts what is under way where it goes, and what was called off where it is', () => {
    const ordered = after(grown, move(1, 4, 0, 255));
    expect(moved(planned(ordered))).toBe(moved(planned(grown)) - 256);
    expect(planned(ordered).every(({ slots }) => !overlap(slots, range(0, 255)))).toBe(true);
    const calledOff = after(ordered, callOff(ordered.version));
    expect(moved(planned(calledOff))).toBe(moved(planned(grown)));
    expect(planned(calledOff).every(({ slots }) => !overlap(slots, range(0, 255)))).toBe(true);
  });

  test('orders nothing for a bucket that is being founded, and goes on with the others', () => {
    const founding = after(withBuckets(map, 1), add(5, 1, 2, 3));
    const next = nextSteps(founding, planned(founding), MAX_MOVES);
    expect(next.length).toBeGreaterThan(0);
    expect(next.every(({ to }) => to === b(4))).toBe(true);
  });

  test('gives by weight', () => {
    const weights = new Map([
      [b(1), 2],
      [b(2), 1],
      [b(3), 0],
    ]);
    expect(counts(carriedOut(map, { weights, emptied: [] }).reached)).toEqual([2731, 1365, 0]);
  });

  test.each<[string, SlotsTarget]>([
    ['UNKNOWN_BUCKET', { weights: new Map(), emptied: [b(9)] }],
    ['UNKNOWN_BUCKET', { weights: new Map([[b(9), 1]]), emptied: [] }],
    ['WEIGHTS_INVALID', { weights: new Map([[b(1), -1]]), emptied: [] }],
    ['WEIGHTS_INVALID', { weights: new Map([[b(1), 0.5]]), emptied: [] }],
    ['WEIGHTS_INVALID', { weights: new Map([[b(1), 1_000_001]]), emptied: [] }],
    ['NO_BUCKET_LEFT', { weights: new Map([[b(1), 0]]), emptied: [b(2), b(3)] }],
  ])('%s', (name, target) => {
    expect(planSlots(map, target)).toMatchObject({ ok: false, error: { name } });
  });

  test('is reached in moves that may be ordered one after the other; every share is right to one slot, and no more slots have moved than were too many', () => {
    const shape = fc.record({
      buckets: fc.integer({ min: 1, max: 12 }),
      more: fc.integer({ min: 0, max: 6 }),
      emptied: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
      weights: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 }),
      most: fc.integer({ min: 1, max: MAX_MOVES }),
      before: fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.nat(SLOT_COUNT - 1)), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(shape, ({ buckets, more, emptied, weights, most, before }) => {
        // Somebody has moved slots before, so that shares and ranges are uneven.
        const first = before.reduce(
          (now, [from, to, at]) => {
            const changed = changeMap(now, { kind: 'move-slots', slots: range(at, Math.min(at + 99, SLOT_COUNT - 1)), from: b(from + 1), to: b(to + 1) });
            return changed.ok && changed.value !== now ? after(changed.value, end(changed.value.version, true)) : now;
          },
          withBuckets(founded(3, buckets, 3), more),
        );
        const known = first.buckets.map(({ bucket }) => bucket);
        const target: SlotsTarget = {
          weights: new Map(weights.slice(0, known.length).map((weight, at) => [b(at + 1), weight])),
          emptied: emptied.map(b).filter((bucket) => known.includes(bucket)),
        };
        const weightOf = (bucket: BucketId): number => (target.emptied.includes(bucket) ? 0 : (target.weights.get(bucket) ?? 1));
        const total = known.reduce((sum, bucket) => sum + weightOf(bucket), 0);
        fc.pre(total > 0);
        const steps = planned(first, target);
        expect(planned(first, target)).toEqual(steps);
        for (const { slots, from, to } of steps) {
          expect(countSlots([slots])).toBeLessThanOrEqual(MAX_SLOTS_PER_MOVE);
          expect(from).not.toBe(to);
        }
        const { reached, slots } = carriedOut(first, target, most);
        expectSound(reached);
        expect(planned(reached, target)).toEqual([]);
        const share = (bucket: BucketId): number => (SLOT_COUNT * weightOf(bucket)) / total;
        for (const { bucket, slots: has } of reached.buckets) expect(Math.abs(countSlots(has) - share(bucket))).toBeLessThan(1);
        for (const bucket of target.emptied) expect(slotsOf(reached, bucket)).toEqual([]);
        const tooMany = first.buckets.reduce((sum, { bucket, slots: has }) => sum + Math.max(0, countSlots(has) - countSlots(slotsOf(reached, bucket))), 0);
        expect(slots).toBe(tooMany);
        expect(moved(steps)).toBe(tooMany);
        // Nobody gives and takes.
        for (const bucket of known) expect(steps.some(({ from }) => from === bucket) && steps.some(({ to }) => to === bucket)).toBe(false);
        expect(rosterOf(reached)).toEqual(rosterOf(first));
      }),
      { numRuns: 150 },
    );
  });
});
