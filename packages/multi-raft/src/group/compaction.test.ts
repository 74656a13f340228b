/** What holds a log back from being shortened, and the sizes that the decisions are made of. */
import { logIndex, term, type Entry } from '@mas/raft';
import { TestCluster } from '@mas/testkit/multi-raft';
import { rmId } from '@mas/values';
import { compactionTarget, type CompactionView } from './compaction';
import { LogSizes } from './log-sizes';

const LIMITS = { retainedEntries: 100, compactionStepEntries: 50, maxFollowerLagBytes: 1000 };
const VIEW: CompactionView = { baseIndex: 0, durableIndex: 1000, followers: [], pinnedIndexes: [], isPressing: false };

describe('compaction', () => {
  test.each<[string, Partial<CompactionView>, number | undefined]>([
    ['keeps a tail behind what is durable', {}, 900],
    ['keeps what a reachable follower lacks', { followers: [{ matchIndex: 500, lagBytes: 1000 }] }, 500],
    ['not for one that is too far behind', { followers: [{ matchIndex: 500, lagBytes: 1001 }] }, 900],
    ['keeps the log behind a snapshot that is being sent', { pinnedIndexes: [300, 700] }, 300],
    ['does not bother for little', { baseIndex: 860 }, undefined],
    ['never goes back', { baseIndex: 950 }, undefined],
    ['gives up the tail when space is needed', { isPressing: true, baseIndex: 950 }, 1000],
    ['but not what a follower or a snapshot needs', { isPressing: true, followers: [{ matchIndex: 990, lagBytes: 10 }], pinnedIndexes: [980] }, 980],
    ['nothing is durable', { durableIndex: 0 }, undefined],
  ])('%s', (_, view, expected) => {
    expect(compactionTarget({ ...VIEW, ...view }, LIMITS)).toBe(expected);
  });

  test('sizes: right to within a step', () => {
    const sizes = new LogSizes();
    const entry = (index: number): Entry => ({ term: term(1), index: logIndex(index), type: 'normal', data: new Uint8Array(10_000) });
    for (let index = 1; index <= 1000; index += 1) sizes.wrote([entry(index)]);
    const perEntry = 10_032;
    for (const index of [0, 1, 500, 999, 1000]) expect(Math.abs(sizes.bytesAfter(index) - (1000 - index) * perEntry)).toBeLessThanOrEqual(80_000);
    sizes.compacted(900);
    expect(Math.abs(sizes.bytesAfter(950) - 50 * perEntry)).toBeLessThanOrEqual(80_000);
  });

  test('in a running group: the log follows the checkpoints, and asks for one when it grows too long or is in the way', async () => {
    const cluster = await TestCluster.founded({
      config: { retainedEntries: 10, compactionStepEntries: 5, maintenanceMs: 200, maxUncheckpointedBytes: 100_000 },
    });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const { log } = cluster.process(rmId(1));
    for (let at = 0; at < 20; at += 1) await cluster.settling(cluster.propose(group, 'x'));
    await cluster.clock.advance(1000);
    expect(log.storage(group)!.firstIndex()).toBe(2);
    cluster.applier(rmId(1), group).checkpoint();
    await cluster.clock.advance(1000);
    expect(log.storage(group)!.firstIndex()).toBeGreaterThan(5);

    const asked = cluster.applier(rmId(1), group).checkpointsAsked;
    for (let at = 0; at < 20; at += 1) await cluster.settling(cluster.propose(group, 'x'.repeat(10_000)));
    await cluster.clock.advance(1000);
    expect(cluster.applier(rmId(1), group).checkpointsAsked).toBeGreaterThan(asked);

    await cluster.settling(cluster.propose(group, 'x'));
    log.press(group, 1);
    await cluster.clock.advance(1000);
    const { lastIndex } = cluster.status(rmId(1), group);
    expect(log.storage(group)!.firstIndex()).toBe(lastIndex + 1);
  });
});
