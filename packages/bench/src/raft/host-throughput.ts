/**
 * What the host itself costs: three hosts in one process (one core), memory log and network without delay, an applier
 * that only counts. Run it with `node packages/bench/dist/raft/host-throughput.js [seconds per case]`.
 */
import { performance } from 'node:perf_hooks';
import { MultiRaftHost, multiRaftConfig, type Applier } from '@mas/multi-raft';
import { EMPTY_CONF_STATE, ZERO_INDEX, ZERO_TERM, type ConfState, type Entry, type EntryId } from '@mas/raft';
import { systemClock } from '@mas/testkit/clock';
import { MemoryLogDisk, MemoryLogStore } from '@mas/testkit/log-store';
import { madeUpCluster } from '@mas/testkit/membership';
import { confStateOf } from '@mas/testkit/multi-raft';
import { MemoryNetwork } from '@mas/testkit/peer-transport';
import { bucketId, present, rmId, SeededRandom, silentLogger, type BucketId } from '@mas/values';

class CountingApplier implements Applier<number> {
  private at: EntryId = { index: ZERO_INDEX, term: ZERO_TERM };
  private count = 0;

  start(): Promise<{ readonly applied: EntryId; readonly confState: ConfState | null }> {
    return Promise.resolve({ applied: this.at, confState: null });
  }

  apply(entries: readonly Entry[]): Promise<readonly number[]> {
    const last = entries[entries.length - 1];
    if (last !== undefined) this.at = { index: last.index, term: last.term };
    return Promise.resolve(entries.map(() => (this.count += 1)));
  }

  durable(): EntryId {
    return this.at;
  }

  requestCheckpoint(): void {}

  snapshot(): Promise<never> {
    return Promise.reject(new Error('nobody falls behind in this measurement'));
  }

  install(): Promise<void> {
    return Promise.reject(new Error('nobody falls behind in this measurement'));
  }

  healthy(): boolean {
    return true;
  }

  onRole(): void {}

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

async function main(): Promise<void> {
  const seconds = Number(process.argv[2] ?? 3);
  for (const [groups, proposers] of [
    [1, 1],
    [1, 64],
    [1, 1024],
    [16, 1024],
    [64, 4096],
  ] as const)
    await measure(groups, proposers, seconds);
  await measureIdle(1000, seconds);
}

async function measure(groupCount: number, proposers: number, seconds: number): Promise<void> {
  const { hosts, groups } = await found(groupCount);
  const data = new Uint8Array(100);
  const deadline = performance.now() + seconds * 1000;
  const startedMs = performance.now();
  let applied = 0;
  let other = 0;
  const latencies: number[] = [];
  const proposer = async (at: number): Promise<void> => {
    const group = present(groups[at % groups.length], 'group');
    while (performance.now() < deadline) {
      const host = present(
        hosts.find((one) => one.isLeader(group)),
        'leader',
      );
      const begunMs = performance.now();
      const fate = await host.propose(group, data);
      if (fate.kind === 'applied') applied += 1;
      else other += 1;
      if (latencies.length < 200_000) latencies.push(performance.now() - begunMs);
    }
  };
  await Promise.all(Array.from({ length: proposers }, (_, at) => proposer(at)));
  const perSecond = applied / ((performance.now() - startedMs) / 1000);
  latencies.sort((a, b) => a - b);
  const p50 = latencies[latencies.length >> 1] ?? 0;
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
  console.log(
    `${groupCount} groups, ${proposers} proposers: ${Math.round(perSecond)} proposals/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, not applied ${other}`,
  );
  await Promise.all(hosts.map((host) => host.stop()));
}

/** CPU of three hosts in one process whose groups are all quiet. */
async function measureIdle(groupCount: number, seconds: number): Promise<void> {
  const { hosts } = await found(groupCount);
  while (!hosts.every((host) => host.status().every((one) => one.quiescent))) await new Promise((resolve) => setTimeout(resolve, 100));
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = process.cpuUsage(before);
  const share = (used.user + used.system) / 1000 / (performance.now() - startedMs);
  console.log(`${groupCount} quiet groups over three hosts: ${(share * 100).toFixed(2)} % of one core in total`);
  await Promise.all(hosts.map((host) => host.stop()));
}

async function found(groupCount: number): Promise<{ readonly hosts: readonly MultiRaftHost<number>[]; readonly groups: readonly BucketId[] }> {
  const network = new MemoryNetwork(systemClock, new SeededRandom(1), { minDelayMs: 0, maxDelayMs: 0 });
  const rms = [1, 2, 3].map(rmId);
  const groups = Array.from({ length: groupCount }, (_, at) => bucketId(at + 1));
  const cluster = madeUpCluster(rms);
  const hosts = rms.map((rm) => {
    const log = new MemoryLogStore(new MemoryLogDisk(), systemClock, { syncMs: 0 });
    const member = cluster.local(rm, () => log.position());
    return new MultiRaftHost<number>(
      {
        self: member.self,
        log,
        transport: network.transport(member),
        positions: member,
        processes: () => member.members.size,
        clock: systemClock,
        random: new SeededRandom(rm),
        logger: silentLogger,
        onFatal: (failure) => {
          console.error(failure);
          process.exitCode = 1;
        },
      },
      multiRaftConfig(),
    );
  });
  for (const host of hosts) await host.start();
  const confState: ConfState = { ...EMPTY_CONF_STATE, voters: confStateOf(rms).voters };
  for (const host of hosts) for (const group of groups) await host.addGroup(group, new CountingApplier(), { confState });
  while (!groups.every((group) => hosts.some((host) => host.isLeader(group)))) await new Promise((resolve) => setTimeout(resolve, 20));
  return { hosts, groups };
}

void main();
