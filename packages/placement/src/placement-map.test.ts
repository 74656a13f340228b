/** Every slot has one bucket; first replicas and so leaders spread over the RMs; a map with a hole or an overlap is refused. */
import { bucketId, rmId, slot, SLOT_COUNT } from '@mas/values';
import { LeaderDirectory } from './leader-directory';
import { genesisPlacement, META_GROUP, PlacementIndex, type PlacementMap } from './placement-map';

const members = [1, 2, 3].map((id) => ({ rm: rmId(id), address: `localhost:${50000 + id}` }));

describe('the first map', () => {
  test.each([1, 2, 3, 7, 100])('%i buckets share all slots evenly', (buckets) => {
    const index = new PlacementIndex(genesisPlacement(members, buckets, 3));
    const counts = new Map<number, number>();
    for (let s = 0; s < SLOT_COUNT; s += 1) counts.set(index.bucketOf(slot(s)), (counts.get(index.bucketOf(slot(s))) ?? 0) + 1);
    expect(counts.size).toBe(buckets);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
  });

  test('first replicas take turns', () => {
    const map = genesisPlacement(members, 6, 2);
    expect(map.buckets.map((bucket) => bucket.replicas[0])).toEqual([1, 2, 3, 1, 2, 3]);
    expect(map.buckets.every((bucket) => new Set(bucket.replicas).size === 2)).toBe(true);
  });

  test('more replicas than resource managers is a broken invariant', () => {
    expect(() => genesisPlacement(members, 3, 4)).toThrow(/as many resource managers as replicas/);
  });
});

test.each<[string, PlacementMap['buckets']]>([
  ['a hole', [{ bucket: bucketId(1), slots: [{ from: slot(0), to: slot(4094) }], replicas: [] }]],
  [
    'an overlap',
    [
      { bucket: bucketId(1), slots: [{ from: slot(0), to: slot(4095) }], replicas: [] },
      { bucket: bucketId(2), slots: [{ from: slot(7), to: slot(7) }], replicas: [] },
    ],
  ],
])('a map with %s is refused', (_name, buckets) => {
  expect(() => new PlacementIndex({ version: 1, resourceManagers: members, buckets, cluster: null })).toThrow(/slot/);
});

describe('the map of a directory', () => {
  const fresh = (): LeaderDirectory => new LeaderDirectory(new PlacementIndex(genesisPlacement(members, 3, 3)));

  test('only a newer map is adopted', () => {
    const directory = fresh();
    const map = directory.placement().map;
    expect(directory.adopt(new PlacementIndex(map))).toBe(false);
    expect(directory.adopt(new PlacementIndex({ ...map, version: 2 }))).toBe(true);
    expect(directory.placement().map.version).toBe(2);
  });

  test('the meta group is on the first resource managers of the map', () => {
    expect(fresh().replicasOf(META_GROUP)).toEqual([1, 2, 3]);
  });
});
