/** Several hosts in one process over virtual time, memory logs and a memory network, with verbs: kill, restart, stop, cut. */
import { FOUNDER, founderId, MemberTable, ordinal, raftIdOf, type LocalMember, type MemberId, type Ordinal } from '@mas/membership';
import { MultiRaftHost, multiRaftConfig, type GroupStatus, type HostFailure, type MultiRaftConfig, type ProposalResult } from '@mas/multi-raft';
import { nodeId, type ConfState, type NodeId } from '@mas/raft';
import { bucketId, rmId, SeededRandom, silentLogger, type BucketId, type Logger, type RmId } from '@mas/values';
import { ProcessClock, VirtualClock } from '../clock';
import { MemoryLogDisk, MemoryLogStore } from '../log-store';
import { madeUpCluster, madeUpIncarnation } from '../membership';
import { MemoryNetwork, type MemoryTransport, type NetworkConditions } from '../peer-transport';
import { JournalApplier, JournalStore, type JournalOptions } from './journal-applier';

export interface TestClusterOptions {
  readonly seed?: number;
  readonly rms?: number;
  readonly groups?: number;
  readonly config?: Partial<MultiRaftConfig>;
  readonly network?: Partial<NetworkConditions>;
  readonly syncMs?: number | ((rm: RmId) => number);
  readonly journal?: JournalOptions;
  readonly logger?: Logger;
}

export interface TestProcess {
  readonly rm: RmId;
  readonly member: LocalMember;
  readonly clock: ProcessClock;
  readonly host: MultiRaftHost<number>;
  readonly log: MemoryLogStore;
  readonly transport: MemoryTransport;
  readonly appliers: Map<BucketId, JournalApplier>;
  /** Groups that its log knew when it started. */
  readonly recovered: readonly BucketId[];
}

export class TestCluster {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly groups: readonly BucketId[];
  readonly failures: HostFailure[] = [];
  readonly processes = new Map<RmId, TestProcess>();
  private readonly disks = new Map<RmId, MemoryLogDisk>();
  private readonly stores = new Map<string, JournalStore>();
  private readonly ordinals = new Map<RmId, Ordinal>();
  private readonly cluster = madeUpCluster([1, 2, 3, 4].map(rmId));

  constructor(private readonly options: TestClusterOptions = {}) {
    this.random = new SeededRandom(options.seed ?? 1);
    this.network = new MemoryNetwork(this.clock, this.random.fork(), options.network);
    this.groups = Array.from({ length: options.groups ?? 1 }, (_, at) => bucketId(at + 1));
  }

  /** Hosts 1 … rms, every one with a replica of every group. */
  static async founded(options: TestClusterOptions = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    const rms = Array.from({ length: options.rms ?? 3 }, (_, at) => rmId(at + 1));
    for (const rm of rms) {
      await cluster.boot(rm);
      for (const group of cluster.groups) await cluster.addGroup(rm, group, confStateOf(rms));
    }
    return cluster;
  }

  async boot(rm: RmId): Promise<TestProcess> {
    const disk = this.disks.get(rm) ?? new MemoryLogDisk();
    this.disks.set(rm, disk);
    const { syncMs, logger, config } = this.options;
    const clock = new ProcessClock(this.clock);
    const log = new MemoryLogStore(disk, clock, syncMs === undefined ? {} : { syncMs: () => (typeof syncMs === 'number' ? syncMs : syncMs(rm)) });
    const member = this.cluster.local(rm, () => log.position(), this.memberOf(rm).ordinal);
    member.adopt(this.table());
    const transport = this.network.transport(member);
    const host = new MultiRaftHost<number>(
      {
        self: member.self,
        log,
        transport,
        positions: member,
        processes: () => member.members.size,
        clock,
        random: this.random.fork(),
        logger: logger ?? silentLogger,
        onFatal: (failure) => this.failures.push(failure),
      },
      multiRaftConfig(config),
    );
    const process: TestProcess = { rm, member, clock, host, log, transport, appliers: new Map(), recovered: [] };
    this.processes.set(rm, process);
    const { groups } = await this.settling(host.start());
    return { ...process, recovered: groups };
  }

  async addGroup(rm: RmId, group: BucketId, confState: ConfState | null): Promise<JournalApplier> {
    const process = this.process(rm);
    const store = this.store(rm, group);
    const applier = new JournalApplier(store, process.clock, this.options.journal);
    process.appliers.set(group, applier);
    await this.settling(process.host.addGroup(group, applier, confState === null ? null : { confState }));
    return applier;
  }

  /** Which incarnation of it runs, or would. */
  memberOf(rm: RmId): MemberId {
    return { rm, ordinal: this.ordinals.get(rm) ?? FOUNDER };
  }

  /** Its disk is lost: log and applied states are gone, and what starts in its place is the next incarnation. */
  loseDisk(rm: RmId): void {
    this.disks.delete(rm);
    for (const group of this.groups) this.forgetState(rm, group);
    this.ordinals.set(rm, ordinal(this.memberOf(rm).ordinal + 1));
    for (const { member } of this.processes.values()) member.adopt(this.table());
  }

  /** What the meta group would say: of each Resource Manager the newest incarnation counts. */
  private table(): MemberTable {
    const version = [...this.ordinals.values()].reduce((sum, admitted) => sum + admitted, 0);
    const members = this.cluster.members.members().map(({ rm }) => ({ ...this.memberOf(rm), incarnation: madeUpIncarnation(this.memberOf(rm)) }));
    return new MemberTable(version, members);
  }

  /** SIGSTOP: it does nothing, and what arrives waits. */
  freeze(rm: RmId): void {
    this.process(rm).clock.freeze();
    this.process(rm).transport.freeze();
  }

  /** Its timers come first, then what is in its sockets, as in an event loop. */
  thaw(rm: RmId): void {
    this.process(rm).clock.thaw();
    this.process(rm).transport.thaw();
  }

  /** SIGKILL: what was not synced is lost, connections break. */
  kill(rm: RmId): void {
    const process = this.process(rm);
    process.clock.kill();
    process.log.crash();
    process.transport.kill();
    for (const applier of process.appliers.values()) applier.crash();
    this.processes.delete(rm);
  }

  async restart(rm: RmId): Promise<TestProcess> {
    const process = await this.boot(rm);
    for (const group of process.recovered) await this.addGroup(rm, group, null);
    return process;
  }

  process(rm: RmId): TestProcess {
    const process = this.processes.get(rm);
    if (process === undefined) throw new Error(`process ${rm} does not run`);
    return process;
  }

  applier(rm: RmId, group: BucketId): JournalApplier {
    return this.process(rm).appliers.get(group)!;
  }

  store(rm: RmId, group: BucketId): JournalStore {
    const key = `${rm}/${group}`;
    const store = this.stores.get(key) ?? new JournalStore();
    this.stores.set(key, store);
    return store;
  }

  /** What a service does with the rows of a replica that was removed. */
  forgetState(rm: RmId, group: BucketId): void {
    this.stores.delete(`${rm}/${group}`);
  }

  status(rm: RmId, group: BucketId): GroupStatus {
    return this.process(rm)
      .host.status()
      .find((one) => one.group === group)!;
  }

  /** The process that leads in the highest term. */
  leaderOf(group: BucketId): RmId | undefined {
    let best: { rm: RmId; term: number } | undefined;
    for (const { rm, host } of this.processes.values()) {
      if (!host.isLeader(group)) continue;
      const { term } = this.status(rm, group);
      if (best === undefined || term > best.term) best = { rm, term };
    }
    return best?.rm;
  }

  /** Proposes at the group's leader, whoever it is now. */
  propose(group: BucketId, text: string): Promise<ProposalResult<number>> {
    const leader = this.leaderOf(group);
    if (leader === undefined) return Promise.resolve({ kind: 'not-leader', leader: null });
    return this.process(leader).host.propose(group, new TextEncoder().encode(text));
  }

  /** Lets time pass until it holds. @throws with every group's state when it does not in time. */
  async eventually(what: string, condition: () => boolean, limitMs = 10_000): Promise<void> {
    if (await this.clock.until(condition, limitMs)) return;
    throw new Error(`not within ${limitMs} ms: ${what}\n${this.describe()}`);
  }

  /** The outcome of something that needs time to pass. */
  async settling<Value>(work: Promise<Value>, limitMs = 30_000): Promise<Value> {
    let outcome: { readonly value: Value } | { readonly error: unknown } | undefined;
    work.then(
      (value) => (outcome = { value }),
      (error: unknown) => (outcome = { error }),
    );
    await this.eventually('a promise settles', () => outcome !== undefined, limitMs);
    if (outcome !== undefined && 'value' in outcome) return outcome.value;
    throw (outcome as { readonly error: unknown } | undefined)?.error;
  }

  async leadersEverywhere(limitMs = 10_000): Promise<void> {
    await this.eventually('every group has a leader that all processes know', () => this.groups.every((group) => this.agreesOnLeader(group)), limitMs);
  }

  agreesOnLeader(group: BucketId): boolean {
    const leader = this.leaderOf(group);
    return leader !== undefined && this.holders(group).every(({ host }) => host.leader(group) === leader);
  }

  /** How many groups each process leads. */
  leaderCounts(): Readonly<Record<number, number>> {
    const counts: Record<number, number> = {};
    for (const rm of this.processes.keys()) counts[rm] = this.groups.filter((group) => this.leaderOf(group) === rm).length;
    return counts;
  }

  /** All replicas have applied the same, everything. */
  async converged(limitMs = 20_000): Promise<void> {
    await this.eventually('all replicas have applied the same', () => this.groups.every((group) => this.isConverged(group)), limitMs);
  }

  describe(): string {
    const lines: string[] = [`at ${this.clock.monotonicMs()} ms`];
    for (const { rm, host } of this.processes.values()) {
      for (const one of host.status()) {
        lines.push(
          `rm ${rm} group ${one.group}: ${one.role} leader=${one.leader} term=${one.term} last=${one.lastIndex} commit=${one.commitIndex} applied=${one.appliedIndex} durable=${one.durableIndex}` +
            ` voters=${one.voters.map(shown).join()} learners=${one.learners.map(shown).join()} quiet=${one.quiescent} lag=${one.lag.map(({ replica, entries }) => `${shown(replica)}:${entries}`).join(' ')} queued=${one.queuedProposals}/${one.queuedMessages}`,
        );
      }
    }
    return [...lines, ...this.failures.map((one) => `FAILED group ${one.group}: ${one.what}: ${String(one.cause)}`)].join('\n');
  }

  /** Processes with a replica that has a vote by what the leader knows. */
  private holders(group: BucketId): readonly TestProcess[] {
    const leader = this.leaderOf(group);
    const voters = leader === undefined ? undefined : this.status(leader, group).voters;
    const hasVote = ({ self }: LocalMember): boolean => voters?.some((voter) => voter.rm === self.rm && voter.ordinal === self.ordinal) !== false;
    return [...this.processes.values()].filter(({ host, member }) => host.groups().includes(group) && hasVote(member));
  }

  private isConverged(group: BucketId): boolean {
    if (this.leaderOf(group) === undefined) return false;
    const [first, ...others] = this.holders(group).map(({ rm }) => ({ status: this.status(rm, group), lines: this.applier(rm, group).appliedLines }));
    if (first === undefined || first.status.appliedIndex !== first.status.lastIndex) return false;
    return others.every(({ status, lines }) => {
      if (status.appliedIndex !== first.status.appliedIndex || lines.length !== first.lines.length) return false;
      return lines.every((line, at) => line === first.lines[at]);
    });
  }
}

export function confStateOf(rms: readonly RmId[]): ConfState {
  const voters: readonly NodeId[] = rms.map((rm) => nodeId(raftIdOf(founderId(rm))));
  return { voters, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
}

/** `3` for a founder, `3.1` for the incarnation after it. */
export function shown({ rm, ordinal: admitted }: MemberId): string {
  return admitted === FOUNDER ? `${rm}` : `${rm}.${admitted}`;
}
