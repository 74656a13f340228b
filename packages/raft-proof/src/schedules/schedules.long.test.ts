/** The random schedules of schedules.test.ts in quantity, with seeds of their own. MAS_RAFT_SCHEDULES sets how many. */
import { createRaftNode } from '@mas/raft';
import { describeFailure, runSchedule } from './run-schedule';

const SEEDS = Number(process.env['MAS_RAFT_SCHEDULES'] ?? 20_000);
const FIRST_SEED = 1_000_000;
const SEEDS_PER_TEST = 1000;

const starts = Array.from({ length: Math.ceil(SEEDS / SEEDS_PER_TEST) }, (_, at) => FIRST_SEED + at * SEEDS_PER_TEST);

test.each(starts)('the properties hold for the schedules from seed %d on', (start) => {
  const end = Math.min(start + SEEDS_PER_TEST, FIRST_SEED + SEEDS);
  for (let seed = start; seed < end; seed += 1) {
    const { failure } = runSchedule(seed, createRaftNode);
    if (failure !== undefined) throw new Error(describeFailure(failure));
  }
});
