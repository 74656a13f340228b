/** The same runs as real-raft.test.ts, over many seeds. A failure names its seed. */
import { paymentsUnderFire } from './testing/payments-under-fire';

const SEEDS = 200;

describe.each([false, true])('slots move: %s', (movesSlots) => {
  test.each(Array.from({ length: SEEDS }, (_, i) => 1_000 + i))('seed %i', async (seed) => {
    await paymentsUnderFire(seed, { movesSlots });
  });
});
