/**
 * Payments across three buckets on three Resource Managers over the real Raft host, while processes are killed at
 * random and come back, databases fall silent, and short logs make snapshots necessary: nothing acknowledged is lost
 * or counted twice, every promise ends, and the replicas are equal. The same while slots move between the buckets.
 */
import { paymentsUnderFire, type Survived } from './testing/payments-under-fire';

const survived: Survived[] = [];

test.each([1, 2, 3])('seed %i', async (seed) => {
  survived.push(await paymentsUnderFire(seed, { movesSlots: false }));
});

test.each([1, 2, 3])('seed %i, while slots move', async (seed) => {
  survived.push(await paymentsUnderFire(seed, { movesSlots: true }));
});

test('snapshots were part of it, moves of slots, and some that were called off', () => {
  const sumOf = (count: (each: Survived) => number): number => survived.reduce((sum, each) => sum + count(each), 0);
  expect(sumOf(({ installs }) => installs)).toBeGreaterThan(0);
  expect(sumOf(({ adopted }) => adopted)).toBeGreaterThan(6);
  expect(sumOf(({ declined }) => declined)).toBeGreaterThan(0);
});
