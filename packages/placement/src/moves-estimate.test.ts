/** What moves carry: by the share of a bucket's slots; as long as the bucket that gives the most rows takes. */
import { bucketId, rmId, slot } from '@mas/values';
import { estimateMoves } from './moves-estimate';
import { genesisPlacement } from './placement-map';
import type { SlotsStep } from './slots-move';

const map = genesisPlacement([{ rm: rmId(1), address: 'h:1' }], 2, 1);
const step = (from: number, to: number, first: number, last: number): SlotsStep => ({
  slots: { from: slot(first), to: slot(last) },
  from: bucketId(from),
  to: bucketId(to),
});
const sizes = new Map([
  [bucketId(1), { accounts: 100, rows: 4_000 }],
  [bucketId(2), { accounts: 10, rows: 40_000 }],
]);

test('two ranges of one bucket one after the other, two buckets at the same time', () => {
  expect(estimateMoves(map, [step(1, 2, 0, 511), step(1, 2, 512, 1_023)], sizes, 1_000)).toEqual({ accounts: 50, rows: 2_000, tookMs: 2_000 });
  expect(estimateMoves(map, [step(1, 2, 0, 1_023), step(2, 1, 2_048, 2_559)], sizes, 1_000)).toEqual({ accounts: 53, rows: 12_000, tookMs: 10_000 });
});

test('nothing is said where nothing moves, or a bucket does not say how much it has', () => {
  expect(estimateMoves(map, [], sizes, 1_000)).toBeNull();
  expect(estimateMoves(map, [step(1, 2, 0, 9)], new Map(), 1_000)).toBeNull();
});
