/** The random histories of fates.test.ts, many more of them. */
import { chaos } from '@mas/testkit/multi-raft';

const SEEDS = Number(process.env['MAS_SEEDS'] ?? 400);
const FIRST_SEED = Number(process.env['MAS_FIRST_SEED'] ?? 1000);

test(`${SEEDS} seeds from ${FIRST_SEED}: no fate is a lie, replicas agree, reads are linearizable`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    try {
      await chaos(seed);
    } catch (cause) {
      throw new Error(`seed ${seed}: ${String(cause)}`, { cause });
    }
  }
}, 1_800_000);
