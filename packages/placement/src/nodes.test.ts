/** Nodes come and go on the map: what is refused by name, what a repetition does, and plans that reach what they want and then move nothing. */
import { clusterId, incarnation, ordinal } from '@mas/membership';
import { bucketId, present, rmId, type RmId } from '@mas/values';
import * as fc from 'fast-check';
import { changeNodes, type NodeChange } from './node-changes';
import { leaderOrder } from './leader-order';
import { genesisPlacement, META_GROUP, type PlacementMap } from './placement-map';
import { planReplicas, replicasAfter, type PlanStep } from './replica-plan';
import { nodesOf, placements, rosterOf } from './roster';

const disk = (rm: number): ReturnType<typeof incarnation> => incarnation(rm.toString(16).padStart(32, '0'));
const everybody = (): boolean => true;
const ascending = (_: unknown, voters: readonly RmId[]): readonly RmId[] => voters;

function founded(rms: number, buckets: number, replicas: number): PlacementMap {
  const members = Array.from({ length: rms }, (_, at) => ({ rm: rmId(at + 1), address: `localhost:${50_001 + at}` }));
  const nodes = members.map(({ rm }) => ({ rm, incarnation: disk(rm), ordinal: ordinal(0), isLost: false }));
  return { ...genesisPlacement(members, buckets, replicas), version: 2, cluster: { clusterId: clusterId('c'.repeat(32)), nodes, txnVersion: 2 } };
}

function after(map: PlacementMap, ...changes: readonly NodeChange[]): PlacementMap {
  return changes.reduce((current, change) => {
    const changed = changeNodes(current, change);
    if (!changed.ok) throw new Error(changed.error.name);
    return changed.value;
  }, map);
}

const refusal = (map: PlacementMap, change: NodeChange): string | null => {
  const changed = changeNodes(map, change);
  return changed.ok ? null : changed.error.name;
};
const expectNode = (rm: number): NodeChange => ({ kind: 'expect', rm: rmId(rm), address: `localhost:${50_000 + rm}` });
const takeIn = (rm: number): NodeChange => ({ kind: 'take-in', rm: rmId(rm), incarnation: disk(rm) });
const drain = (rm: number): NodeChange => ({ kind: 'drain', rm: rmId(rm), isDraining: true });
const remove = (rm: number): NodeChange => ({ kind: 'remove', rm: rmId(rm), placed: [] });
const balanced = (replicas: number): NodeChange => ({ kind: 'balance', isBalancing: true, replicas });
const unbalanced = (replicas: number): NodeChange => ({ kind: 'balance', isBalancing: false, replicas });
const joined = (map: PlacementMap, ...rms: readonly number[]): PlacementMap => rms.reduce((now, rm) => after(now, expectNode(rm), takeIn(rm)), map);

function carriedOut(map: PlacementMap, steps: readonly PlanStep[]): PlacementMap {
  return steps.reduce((now, step) => {
    const { replicas } = present(
      placements(now).find(({ bucket }) => bucket === step.bucket),
      'bucket',
    );
    return after(now, { kind: 'place', placed: [{ bucket: step.bucket, replicas: replicasAfter(replicas, step) }] });
  }, map);
}

const loads = (map: PlacementMap): readonly number[] =>
  (map.cluster?.nodes ?? [])
    .filter(({ rm }) => !rosterOf(map).draining.includes(rm))
    .map(({ rm }) => map.buckets.filter(({ replicas }) => replicas.includes(rm)).length);

describe('a node', () => {
  const map = founded(3, 3, 3);

  test('is expected, taken in, drained, emptied, removed; and its id is used up', () => {
    const expected = after(map, expectNode(4));
    expect(nodesOf(expected).at(-1)).toEqual({ rm: 4, address: 'localhost:50004', state: 'joining', incarnation: null, isLost: false });
    expect(expected.resourceManagers).toHaveLength(3);
    const member = after(expected, takeIn(4));
    expect(nodesOf(member).at(-1)).toMatchObject({ rm: 4, state: 'up', incarnation: disk(4) });
    const draining = after(member, drain(1));
    expect(nodesOf(draining)[0]).toMatchObject({ rm: 1, state: 'draining' });
    expect(refusal(draining, remove(1))).toBe('NODE_HOLDS_REPLICAS');
    const empty = carriedOut(draining, planReplicas(draining, everybody));
    const gone = after(empty, remove(1));
    expect(nodesOf(gone).map(({ rm }) => rm)).toEqual([2, 3, 4]);
    expect(rosterOf(gone)).toMatchObject({ removed: [1], draining: [], meta: [2, 3, 4] });
    expect(refusal(gone, expectNode(1))).toBe('NODE_ID_USED');
    expect(after(gone, remove(1))).toBe(gone);
  });

  test('of an id below all others leaves the meta group where it is', () => {
    const others: PlacementMap = { ...map, resourceManagers: map.resourceManagers.slice(1), cluster: null };
    const later = founded(4, 1, 1);
    const without = {
      ...later,
      resourceManagers: later.resourceManagers.slice(1),
      cluster: { ...present(later.cluster, 'cluster'), nodes: present(later.cluster, 'cluster').nodes.slice(1) },
    };
    expect(rosterOf(others).meta).toEqual([2, 3]);
    expect(rosterOf(joined({ ...without, buckets: without.buckets.map((bucket) => ({ ...bucket, replicas: [rmId(2)] })) }, 1)).meta).toEqual([2, 3, 4]);
  });

  test.each<[string, NodeChange, PlacementMap]>([
    ['NODE_EXISTS', { kind: 'expect', rm: rmId(2), address: 'localhost:9' }, map],
    ['ADDRESS_IN_USE', { kind: 'expect', rm: rmId(4), address: 'localhost:50002' }, map],
    ['UNKNOWN_NODE', takeIn(4), map],
    ['UNKNOWN_NODE', drain(4), map],
    ['TOO_FEW_NODES', drain(3), map],
    ['TOO_FEW_NODES', balanced(4), map],
    ['UNKNOWN_NODE', { kind: 'place', placed: [{ bucket: bucketId(1), replicas: [rmId(7)] }] }, map],
    ['UNKNOWN_BUCKET', { kind: 'place', placed: [{ bucket: bucketId(8), replicas: [rmId(1)] }] }, map],
    ['REPLICAS_INVALID', { kind: 'place', placed: [{ bucket: bucketId(1), replicas: [] }] }, map],
    ['REPLICAS_INVALID', { kind: 'place', placed: [{ bucket: bucketId(1), replicas: [rmId(1), rmId(1)] }] }, map],
    ['NODE_DRAINS', { kind: 'place', placed: [{ bucket: bucketId(1), replicas: [rmId(4)] }] }, after(joined(map, 4), drain(4))],
    ['CLUSTER_NOT_RECORDED', drain(1), { ...map, cluster: null }],
  ])('%s', (name, change, on) => {
    expect(refusal(on, change)).toBe(name);
  });

  test('a word that is said twice changes nothing, not even the version', () => {
    for (const change of [expectNode(4), drain(1), balanced(2)]) {
      const on = change.kind === 'drain' ? joined(map, 4) : map;
      const once = after(on, change);
      expect(once.version).toBe(on.version + 1);
      expect(after(once, change)).toBe(once);
    }
  });

  test('that is only expected is forgotten, and its id is not used up', () => {
    const forgotten = after(map, expectNode(4), remove(4));
    expect(nodesOf(forgotten)).toHaveLength(3);
    expect(refusal(forgotten, expectNode(4))).toBeNull();
  });
});

describe('a plan', () => {
  test('of one node with one replica becomes three of three', () => {
    const map = after(joined(founded(1, 3, 1), 2, 3), balanced(3));
    const reached = carriedOut(map, planReplicas(map, everybody));
    expect(reached.buckets.map(({ replicas }) => [...replicas].sort())).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(rosterOf(reached).meta).toEqual([1, 2, 3]);
  });

  test('gives a node that is down nothing, and takes nothing from it for balance', () => {
    const map = after(joined(founded(3, 8, 3), 4), balanced(3));
    const steps = planReplicas(map, (rm) => rm !== 4);
    expect(steps).toEqual([]);
    expect(planReplicas(map, (rm) => rm !== 1).filter(({ remove }) => remove === 1)).toEqual([]);
  });

  test('without a node to take a replica leaves it where it is', () => {
    const map = joined(founded(3, 2, 3), 4);
    const draining = after(map, drain(1));
    expect(planReplicas(draining, (rm) => rm !== 4)).toEqual([]);
  });

  test('a node that stays away is replaced where there is another one, and keeps what nobody can take', () => {
    const spare = after(joined(founded(3, 3, 3), 4), unbalanced(3));
    const without3 = (rm: RmId): boolean => rm !== 3;
    const steps = planReplicas(spare, without3, rmId(3));
    expect(steps).toHaveLength(4);
    expect(steps.every(({ remove, add, why }) => remove === 3 && add === 4 && why === 'away')).toBe(true);
    expect(planReplicas(carriedOut(spare, steps), without3, rmId(3))).toEqual([]);
    expect(planReplicas(founded(3, 3, 3), without3, rmId(3))).toEqual([]);
  });

  test('nobody asks for balance: nothing moves onto a new node, but a meta group that has become possible', () => {
    expect(planReplicas(after(joined(founded(3, 6, 3), 4), unbalanced(3)), everybody)).toEqual([]);
    expect(planReplicas(after(joined(founded(1, 6, 1), 2, 3), unbalanced(1)), everybody)).toEqual([
      { bucket: META_GROUP, remove: null, add: 2, why: 'fill' },
      { bucket: META_GROUP, remove: null, add: 3, why: 'fill' },
    ]);
  });

  test('a node that has come is given its share of replicas without another word', () => {
    const map = joined(founded(3, 8, 3), 4);
    expect(loads(carriedOut(map, planReplicas(map, everybody)))).toEqual([6, 6, 6, 6]);
  });

  const shapes = fc.record({
    rms: fc.integer({ min: 1, max: 6 }),
    buckets: fc.integer({ min: 1, max: 17 }),
    replicas: fc.integer({ min: 1, max: 5 }),
    added: fc.integer({ min: 0, max: 4 }),
    wanted: fc.integer({ min: 1, max: 5 }),
    drained: fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 3 }),
    isBalancing: fc.boolean(),
  });

  test('is reached in its steps, each of which is allowed; made again it moves nothing', () => {
    fc.assert(
      fc.property(shapes, ({ rms, buckets, replicas, added, wanted, drained, isBalancing }) => {
        const first = founded(rms, buckets, Math.min(replicas, rms));
        const grown = joined(first, ...Array.from({ length: added }, (_, at) => rms + at + 1));
        const changes: readonly NodeChange[] = [...(isBalancing ? [balanced(Math.min(wanted, rms + added))] : []), ...drained.map(drain)];
        const map = changes.reduce((now, change) => {
          const changed = changeNodes(now, change);
          return changed.ok ? changed.value : now;
        }, grown);
        const steps = planReplicas(map, everybody);
        const reached = carriedOut(map, steps);
        expect(planReplicas(reached, everybody)).toEqual([]);
        const { draining, replicas: should, meta } = rosterOf(reached);
        for (const placed of placements(reached)) expect(placed.replicas.filter((rm) => draining.includes(rm))).toEqual([]);
        for (const placed of reached.buckets) expect(placed.replicas).toHaveLength(should);
        expect(meta.length).toBeGreaterThan(0);
        if (rosterOf(map).isBalancing) expect(Math.max(...loads(reached)) - Math.min(...loads(reached))).toBeLessThan(2);
        // Nobody is moved twice, and whoever is left alone by what is wanted stays.
        expect(steps.length).toBeLessThanOrEqual(placements(map).reduce((sum, placed) => sum + placed.replicas.length, 0) + buckets * 5 + 3);
      }),
    );
  });

  test('leaders are spread over those who hold replicas, and off those who drain', () => {
    const map = after(joined(founded(3, 10, 3), 4, 5), balanced(3));
    const reached = carriedOut(map, planReplicas(map, everybody));
    expect(firsts(reached)).toEqual([2, 2, 2, 2, 2]);
    const draining = leaderOrder(after(reached, drain(1)), ascending);
    for (const { bucket, replicas } of reached.buckets.filter((one) => one.replicas.includes(rmId(1))))
      expect(draining(bucket, [...replicas].sort()).at(-1)).toBe(1);
  });

  test('whatever replicas are where: nobody leads two buckets more than another who could lead one of his', () => {
    fc.assert(
      fc.property(shapes, ({ rms, buckets, replicas, added }) => {
        const first = joined(founded(rms, buckets, Math.min(replicas, rms)), ...Array.from({ length: added }, (_, at) => rms + at + 1));
        const map = after(first, balanced(Math.min(replicas, rms)));
        const reached = carriedOut(map, planReplicas(map, everybody));
        const order = leaderOrder(reached, ascending);
        const leader = new Map(reached.buckets.map(({ bucket, replicas: placed }) => [bucket, order(bucket, placed)[0]]));
        const leads = (rm: RmId): number => [...leader.values()].filter((each) => each === rm).length;
        for (const { bucket, replicas: placed } of reached.buckets)
          for (const rm of placed) expect(leads(present(leader.get(bucket), 'a leader')) - leads(rm)).toBeLessThan(2);
      }),
    );
  });
});

/** How many buckets each node should lead. */
function firsts(map: PlacementMap): readonly number[] {
  const order = leaderOrder(map, ascending);
  return nodesOf(map).map(({ rm }) => map.buckets.filter(({ bucket, replicas }) => order(bucket, [...replicas].sort())[0] === rm).length);
}
