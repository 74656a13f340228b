/**
 * Random schedules: 3 to 7 replicas over a network that drops, repeats, reorders and partitions, with crashes that
 * lose what was not durable, snapshots, transfers, membership changes, synchronous and asynchronous storage.
 * A failure prints its seed and what happened; MAS_RAFT_SEED runs one seed alone.
 */
import { createRaftNode } from '@mas/raft';
import { describeFailure, runSchedule } from './run-schedule';

const SEEDS = Number(process.env['MAS_RAFT_SCHEDULES'] ?? 320);
const ONLY = process.env['MAS_RAFT_SEED'];

test(`the properties hold at every step of ${SEEDS} random schedules, and progress follows`, () => {
  const seeds = ONLY === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(ONLY)];
  let committed = 0;
  for (const seed of seeds) {
    const summary = runSchedule(seed, createRaftNode);
    if (summary.failure !== undefined) throw new Error(describeFailure(summary.failure));
    committed += summary.committed;
  }
  // Schedules in which nothing happens would hold every property.
  expect(committed / seeds.length).toBeGreaterThan(10);
});
