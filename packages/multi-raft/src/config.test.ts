/** A configuration is refused as a whole, with every field that is wrong. */
import { founderId } from '@mas/membership';
import { MemoryLogDisk, MemoryLogStore } from '@mas/testkit/log-store';
import { madeUpCluster } from '@mas/testkit/membership';
import { MemoryNetwork } from '@mas/testkit/peer-transport';
import { rmId, SeededRandom, silentLogger } from '@mas/values';
import { InvalidMultiRaftConfig, multiRaftConfig, validateMultiRaftConfig, type MultiRaftConfig } from './config';
import { MultiRaftHost } from './multi-raft-host';
import { VirtualClock } from '@mas/testkit/clock';

describe('configuration', () => {
  test('the defaults are valid', () => {
    expect(validateMultiRaftConfig(multiRaftConfig())).toEqual([]);
  });

  test.each<[Partial<MultiRaftConfig>, readonly (keyof MultiRaftConfig)[]]>([
    [{ tickMs: 0 }, ['tickMs']],
    [{ tickMs: 1.5, maxGroupsPerTurn: -1 }, ['tickMs', 'maxGroupsPerTurn']],
    [{ preVote: 'yes' as never }, ['preVote']],
    [{ tickMs: 101 }, ['minSilenceMs']],
    [{ maxSilenceMs: 200, electionTimeoutMs: 1_000 }, ['maxSilenceMs']],
    [{ electionTimeoutMs: 1_400 }, ['electionTimeoutMs']],
    [{ electionTimeoutMs: 1_500, heartbeatMs: 1_490 }, ['electionTimeoutMs']],
    [{ heartbeatMs: 30 }, ['heartbeatMs']],
    [{ maxInflightBytes: 1000 }, ['maxInflightBytes']],
    [{ maxQueuedProposals: 10, maxQueuedMessages: 10, maxUnappliedEntries: 10 }, ['maxQueuedMessages', 'maxQueuedProposals', 'maxUnappliedEntries']],
    [{ quiesceAfterMs: 0, balanceMs: 0, holdMs: 0, retainedEntries: 0, stopHandOverMs: 0 }, []],
    [{ quiesceAfterMs: Number.NaN }, ['quiesceAfterMs']],
  ])('%j', (input, fields) => {
    expect(validateMultiRaftConfig(multiRaftConfig(input)).map((error) => error.field)).toEqual(fields);
  });

  test('every numeric field is checked', () => {
    for (const [field, value] of Object.entries(multiRaftConfig())) {
      if (typeof value !== 'number') continue;
      expect(validateMultiRaftConfig(multiRaftConfig({ [field]: -1 })).map((error) => error.field)).toContain(field);
    }
  });

  test('a host is not made of a bad one', () => {
    const clock = new VirtualClock();
    const random = new SeededRandom(1);
    const ports = {
      self: founderId(rmId(1)),
      log: new MemoryLogStore(new MemoryLogDisk(), clock),
      positions: madeUpCluster([rmId(1)]).local(rmId(1), () => 0),
      processes: () => 1,
      transport: new MemoryNetwork(clock, random).transport(madeUpCluster([rmId(1)]).local(rmId(1), () => 0)),
      clock,
      random,
      logger: silentLogger,
      onFatal: () => undefined,
    };
    expect(() => new MultiRaftHost(ports, multiRaftConfig({ tickMs: 0, maxSnapshotSends: 0 }))).toThrow(InvalidMultiRaftConfig);
    expect(() => new MultiRaftHost(ports, multiRaftConfig({ tickMs: 0, maxSnapshotSends: 0 }))).toThrow(/tickMs must be .*; maxSnapshotSends must be/);
  });
});
