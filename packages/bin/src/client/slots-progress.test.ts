/** How far slots are: by what is left, also when more is wanted meanwhile. */
import { clusterId } from '@mas/membership';
import { genesisPlacement, type ClusterRecord, type PlacementMap } from '@mas/placement';
import { bucketId, rmId, slot } from '@mas/values';
import { SlotsProgress } from './slots-progress';

const genesis = genesisPlacement([{ rm: rmId(1), address: 'h:1' }], 2, 1);

function wanting(slots: number): PlacementMap {
  const wanted = slots === 0 ? [] : [{ slots: { from: slot(0), to: slot(slots - 1) }, from: bucketId(1), to: bucketId(2) }];
  const cluster: ClusterRecord = { clusterId: clusterId('c'.repeat(32)), nodes: [], txnVersion: 2 };
  return { ...genesis, cluster: { ...cluster, wishes: { isPaused: false, isBalancing: false, retiring: [], wanted } } };
}

test('a bar, the rate, and what is left', () => {
  const progress = new SlotsProgress();
  expect(progress.text(progress.looked(wanting(1_000), 0))).toBe('[..............................] 0 %, 0 of 1000 slots');
  const half = progress.looked(wanting(500), 10_000);
  expect(half).toEqual({ slotsMoved: 500, slotsTotal: 1_000, slotsPerSecond: 50, leftMs: 10_000 });
  expect(progress.text(half)).toBe('[###############...............] 50 %, 500 of 1000 slots, 50 slots/s, about 10 s left');
  expect(progress.text(progress.looked(wanting(0), 20_000))).toBeNull();
});

test('more that is wanted meanwhile is counted from then on', () => {
  const progress = new SlotsProgress();
  progress.looked(wanting(100), 0);
  expect(progress.looked(wanting(300), 1_000)).toEqual({ slotsMoved: 0, slotsTotal: 300, slotsPerSecond: null, leftMs: null });
  expect(progress.looked(wanting(200), 2_000)).toMatchObject({ slotsMoved: 100, slotsPerSecond: 100, leftMs: 2_000 });
});

test('where no slots move there is no bar', () => {
  const progress = new SlotsProgress();
  expect(progress.text(progress.looked(genesis, 0))).toBeNull();
});
