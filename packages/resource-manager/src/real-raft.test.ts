/**
 * Payments across three buckets on three Resource Managers over the real Raft host, while processes are killed at
 * random and come back, databases fall silent, and short logs make snapshots necessary: nothing acknowledged is lost
 * or counted twice, every promise ends, and the replicas are equal.
 */
import { paymentsUnderFire } from './testing/payments-under-fire';

let installs = 0;

test.each([1, 2, 3])('seed %i', async (seed) => {
  installs += await paymentsUnderFire(seed);
});

test('snapshots were part of it', () => {
  expect(installs).toBeGreaterThan(0);
});
