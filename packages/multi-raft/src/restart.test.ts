/** Restarts: what is in the log is applied again from the applied index on, and nothing that was promised is forgotten. */
import { EMPTY_CONF_STATE, logIndex, MemoryStorage, NO_DATA, term, type ConfState, type EntryId, type RaftStorage } from '@mas/raft';
import { confStateOf, JournalStore, TestCluster } from '@mas/testkit/multi-raft';
import { rmId } from '@mas/values';
import { planStart, REMOVED, type AppliedStart } from './group/start-plan';

const ALL = [1, 2, 3].map(rmId);

describe('restart', () => {
  test('all processes at once: everything answered is there, entries above the checkpoint are applied again', async () => {
    const cluster = await TestCluster.founded({ groups: 4, journal: { checkpointEntries: 7 } });
    await cluster.leadersEverywhere();
    const fates = await cluster.settling(
      Promise.all(cluster.groups.flatMap((group) => Array.from({ length: 25 }, (_, at) => cluster.propose(group, `${at}`)))),
    );
    expect(fates.every((one) => one.kind === 'applied')).toBe(true);
    for (const rm of ALL) cluster.kill(rm);
    for (const rm of ALL) await cluster.restart(rm);
    await cluster.leadersEverywhere();
    await cluster.converged();
    for (const group of cluster.groups) expect(cluster.applier(ALL[1]!, group).appliedLines).toHaveLength(25);
  });

  test('a term and a vote survive: a restarted voter does not vote twice in one term', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const before = cluster.status(ALL[1]!, group).term;
    cluster.kill(ALL[1]!);
    await cluster.restart(ALL[1]!);
    expect(cluster.status(ALL[1]!, group).term).toBeGreaterThanOrEqual(before);
  });

  test('an applied state that is ahead of the log puts the log back to it', async () => {
    const cluster = await TestCluster.founded({});
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    const follower = ALL.find((rm) => rm !== cluster.leaderOf(group))!;
    await cluster.settling(cluster.propose(group, 'a'));
    await cluster.converged();
    cluster.kill(follower);
    await cluster.settling(cluster.propose(group, 'b'));
    // The checkpoint of another replica stands for a log whose tail was lost.
    const leader = cluster.leaderOf(group)!;
    cluster.applier(leader, group).checkpoint();
    cluster.store(follower, group).durable = cluster.store(leader, group).durable;
    await cluster.restart(follower);
    await cluster.settling(cluster.propose(group, 'c'));
    await cluster.converged();
    expect(cluster.applier(follower, group).appliedLines.map((line) => line.split(':')[1])).toEqual(['a', 'b', 'c']);
  });

  test('a lost applied state behind a compacted log refuses to start, and says what to do', async () => {
    const cluster = await TestCluster.founded({
      config: { retainedEntries: 0, compactionStepEntries: 1, maintenanceMs: 100 },
      journal: { checkpointEntries: 1 },
    });
    const group = cluster.groups[0]!;
    await cluster.leadersEverywhere();
    for (let at = 0; at < 5; at += 1) await cluster.settling(cluster.propose(group, `${at}`));
    await cluster.clock.advance(1000);
    cluster.kill(ALL[2]!);
    cluster.store(ALL[2]!, group).durable = new JournalStore().durable;
    await cluster.boot(ALL[2]!);
    await expect(cluster.addGroup(ALL[2]!, group, confStateOf(ALL))).rejects.toThrow(
      /the applied state is empty, but the log starts behind \d+; replace this disk/,
    );
  });
});

describe('the plan of a start', () => {
  const confState: ConfState = confStateOf(ALL);
  const at = (index: number, of: number): EntryId => ({ index: logIndex(index), term: term(of) });
  const state = (index: number, of: number): AppliedStart => ({ applied: at(index, of), confState: index === 0 ? null : confState });

  function logOf(base: EntryId, ...terms: number[]): RaftStorage {
    const log = new MemoryStorage();
    if (base.index > 0) log.applySnapshot({ metadata: { ...base, confState }, data: NO_DATA });
    log.append(terms.map((of, offset) => ({ term: term(of), index: logIndex(base.index + 1 + offset), type: 'normal', data: NO_DATA })));
    return log;
  }

  function removedLog(): RaftStorage {
    const log = new MemoryStorage();
    log.applySnapshot({ metadata: { ...REMOVED.at, confState: REMOVED.confState }, data: NO_DATA });
    return log;
  }

  test.each([
    ['a founding member', undefined, state(0, 0), confState, { kind: 'reset', start: { at: at(1, 1), confState } }],
    ['a replica that joins', undefined, state(0, 0), null, { kind: 'reset', start: { at: at(0, 0) } }],
    ['a lost log', undefined, state(5, 2), null, { kind: 'refuse' }],
    ['nothing durable yet, log from the founding on', logOf(at(1, 1), 1, 1), state(0, 0), null, { kind: 'resume', applied: at(1, 1), confState }],
    ['nothing durable yet, log compacted', logOf(at(4, 1), 1), state(0, 0), null, { kind: 'refuse' }],
    ['within the log', logOf(at(3, 1), 1, 2), state(4, 1), null, { kind: 'resume', applied: at(4, 1) }],
    ['exactly where the log begins', logOf(at(3, 1), 1, 2), state(3, 1), null, { kind: 'resume', applied: at(3, 1) }],
    ['at the end of the log', logOf(at(3, 1), 1, 2), state(5, 2), null, { kind: 'resume', applied: at(5, 2) }],
    ['a gap', logOf(at(3, 1), 1, 2), state(2, 1), null, { kind: 'refuse' }],
    ['ahead of the log', logOf(at(3, 1), 1, 2), state(9, 3), null, { kind: 'reset', start: { at: at(9, 3), confState } }],
    ['where the log holds what was never committed', logOf(at(3, 1), 1, 2), state(5, 3), null, { kind: 'reset', start: { at: at(5, 3), confState } }],
    ['a replica that was removed, joining again', removedLog(), state(0, 0), null, { kind: 'reset', start: { at: at(0, 0), confState: EMPTY_CONF_STATE } }],
    ['a replica that was removed, whose rows are still there', removedLog(), state(4, 1), null, { kind: 'refuse' }],
    ['applied without a configuration', logOf(at(3, 1), 1), { applied: at(4, 1), confState: null }, null, { kind: 'refuse' }],
  ])('%s', (_, log, applied, initial, expected) => {
    expect(planStart(log, applied, initial)).toMatchObject(expected);
  });
});
