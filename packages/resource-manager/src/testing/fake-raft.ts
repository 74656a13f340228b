/**
 * MultiRaft for tests: one log per group, shared by the processes of a cluster; a test elects leaders, stalls commits
 * and holds appliers back. It keeps what a real host promises: entries at least once and in order, a new leader's
 * empty first entry, `unknown` for what was under way when leadership changed.
 */
import { WELL, type Condition } from '@mas/health';
import {
  isGroupStopped,
  type Applier,
  type GroupLeadership,
  type GroupStatus,
  type MultiRaft,
  type PeerStatus,
  type ProposalResult,
  type ReadIndexResult,
} from '@mas/multi-raft';
import { logIndex, NO_DATA, term as raftTerm, type ConfState, type Entry } from '@mas/raft';
import { Durations, type BucketId, type Clock, type RmId } from '@mas/values';
import type { ApplyResult } from '../resource-manager-options';

interface Group {
  readonly entries: Entry[];
  commit: number;
  /** Nothing is committed while true: no majority. */
  stalled: boolean;
  term: number;
  leader: RmId | null;
  confState: ConfState;
}

interface Replica {
  readonly applier: Applier<ApplyResult>;
  applied: number;
  applying: boolean;
  readonly proposals: Map<number, { readonly term: number; readonly resolve: (result: ProposalResult<ApplyResult>) => void }>;
  readers: { readonly index: number; readonly resolve: (result: ReadIndexResult) => void }[];
}

export class FakeRaft {
  readonly groups = new Map<BucketId, Group>();
  /** Null: no majority has agreed on it. */
  agreedMs: () => number | null;
  private readonly hosts = new Map<RmId, FakeHost>();

  constructor(clock: Clock) {
    this.agreedMs = () => clock.wallMs();
  }

  host(rm: RmId): FakeHost {
    const host = new FakeHost(rm, this);
    this.hosts.set(rm, host);
    return host;
  }

  /** The process is gone: nothing of it is called or answered any more. */
  kill(rm: RmId): void {
    this.hosts.get(rm)?.die();
    this.hosts.delete(rm);
    for (const group of this.groups.values()) if (group.leader === rm) group.leader = null;
  }

  elect(bucket: BucketId, rm: RmId): void {
    const group = this.group(bucket);
    const before = group.leader === null ? undefined : this.hosts.get(group.leader);
    // What was not committed is lost with the old leader; its proposers cannot know.
    group.entries.length = group.commit;
    group.term += 1;
    group.leader = rm;
    group.entries.push({ term: raftTerm(group.term), index: logIndex(group.entries.length + 1), type: 'normal', data: NO_DATA });
    before?.deposed(bucket);
    this.hosts.get(rm)?.elected(bucket, group.term);
    this.advance(bucket);
  }

  group(bucket: BucketId): Group {
    let group = this.groups.get(bucket);
    if (group === undefined) {
      group = {
        entries: [],
        commit: 0,
        stalled: false,
        term: 0,
        leader: null,
        confState: { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
      };
      this.groups.set(bucket, group);
    }
    return group;
  }

  /** Commits what is in the log and has it applied everywhere. */
  advance(bucket: BucketId): void {
    const group = this.group(bucket);
    if (!group.stalled) group.commit = group.entries.length;
    for (const host of this.hosts.values()) host.pump(bucket);
  }

  successor(bucket: BucketId): FakeHost | undefined {
    return [...this.hosts.values()].find((host) => host.rm !== this.group(bucket).leader && host.isHealthy(bucket));
  }

  /** As a real host does: an unhealthy leader's place goes to a healthy replica. */
  handOver(bucket: BucketId): void {
    const group = this.group(bucket);
    const leader = group.leader === null ? undefined : this.hosts.get(group.leader);
    const heir = this.successor(bucket);
    if (leader?.isHealthy(bucket) === false && heir !== undefined) this.elect(bucket, heir.rm);
  }
}

export class FakeHost implements MultiRaft<ApplyResult> {
  /** Entries are not given to these appliers while listed. */
  readonly held = new Set<BucketId>();
  private readonly halted = new Set<BucketId>();
  private readonly replicas = new Map<BucketId, Replica>();
  private alive = true;
  hasFailingStore = false;

  constructor(
    readonly rm: RmId,
    private readonly cluster: FakeRaft,
  ) {}

  async addGroup(bucket: BucketId, applier: Applier<ApplyResult>, initial: { readonly confState: ConfState } | null): Promise<void> {
    const { applied } = await applier.start();
    const group = this.cluster.group(bucket);
    if (initial !== null) group.confState = initial.confState;
    this.replicas.set(bucket, { applier, applied: applied.index, applying: false, proposals: new Map(), readers: [] });
    if (group.leader === this.rm) applier.onRole('leader', group.term);
    this.pump(bucket);
  }

  removeGroup(bucket: BucketId): Promise<void> {
    return this.closeGroup(bucket);
  }

  forgetGroup(): Promise<void> {
    return Promise.resolve();
  }

  wasRemoved(): boolean {
    return false;
  }

  async closeGroup(bucket: BucketId): Promise<void> {
    const replica = this.replicas.get(bucket);
    this.replicas.delete(bucket);
    await replica?.applier.stop();
  }

  groups(): readonly BucketId[] {
    return [...this.replicas.keys()];
  }

  propose(bucket: BucketId, data: Uint8Array): Promise<ProposalResult<ApplyResult>> {
    const group = this.cluster.group(bucket);
    const replica = this.replicas.get(bucket);
    if (replica === undefined) return Promise.resolve({ kind: 'refused', reason: 'no-group' });
    if (group.leader !== this.rm) return Promise.resolve({ kind: 'not-leader', leader: group.leader });
    const index = group.entries.length + 1;
    group.entries.push({ term: raftTerm(group.term), index: logIndex(index), type: 'normal', data });
    return new Promise((resolve) => {
      replica.proposals.set(index, { term: group.term, resolve });
      this.cluster.advance(bucket);
    });
  }

  readIndex(bucket: BucketId): Promise<ReadIndexResult> {
    const group = this.cluster.group(bucket);
    const replica = this.replicas.get(bucket);
    if (replica === undefined || group.leader !== this.rm) return Promise.resolve({ kind: 'not-leader', leader: group.leader });
    if (group.stalled) return Promise.resolve({ kind: 'unavailable', reason: 'no majority' });
    return new Promise((resolve) => {
      replica.readers.push({ index: group.commit, resolve });
      this.answerReaders(replica);
    });
  }

  missingQuorum(): null {
    return null;
  }

  leader(bucket: BucketId): RmId | null {
    return this.cluster.group(bucket).leader;
  }

  leadership(bucket: BucketId): GroupLeadership | null {
    const { leader, term } = this.cluster.group(bucket);
    return this.replicas.has(bucket) ? { leader, term, heardAgoMs: leader === null ? null : 0 } : null;
  }

  isLeader(bucket: BucketId): boolean {
    return this.cluster.group(bucket).leader === this.rm;
  }

  transferLeadership(bucket: BucketId, to: RmId): Promise<boolean> {
    this.cluster.elect(bucket, to);
    return Promise.resolve(true);
  }

  stopGroup(bucket: BucketId): Promise<void> {
    this.halt(bucket);
    return Promise.resolve();
  }

  changeReplicas(): Promise<'refused'> {
    return Promise.resolve('refused');
  }

  peers(): readonly PeerStatus[] {
    return [];
  }

  condition(): Condition {
    return WELL;
  }

  agreedMs(): number | null {
    return this.cluster.agreedMs();
  }

  hasSuccessor(bucket: BucketId): boolean {
    return this.cluster.successor(bucket) !== undefined;
  }

  storeFails(fails: boolean): void {
    this.hasFailingStore = fails;
  }

  status(): readonly GroupStatus[] {
    return [...this.replicas].map(([bucket, replica]) => {
      const group = this.cluster.group(bucket);
      return {
        group: bucket,
        role: this.halted.has(bucket) ? 'stopped' : group.leader === this.rm ? 'leader' : 'follower',
        leader: group.leader,
        term: group.term,
        commitIndex: group.commit,
        appliedIndex: replica.applied,
        durableIndex: replica.applier.durable().index,
        lastIndex: group.entries.length,
        voters: [],
        outgoing: [],
        formerVoters: [],
        learners: [],
        quiescent: false,
        lag: [],
        queuedProposals: 0,
        queuedMessages: 0,
        fsyncP50Ms: null,
        applyP50Ms: null,
        applyTimes: new Durations(),
        leaderChanges: 0,
      };
    });
  }

  async stop(): Promise<void> {
    for (const [bucket, { applier }] of this.replicas) {
      const group = this.cluster.group(bucket);
      if (group.leader === this.rm) group.leader = null;
      applier.onRole('follower', group.term);
      await applier.stop();
    }
    this.alive = false;
  }

  // What the cluster calls.

  die(): void {
    this.alive = false;
  }

  isHealthy(bucket: BucketId): boolean {
    return !this.hasFailingStore && this.alive && (this.replicas.get(bucket)?.applier.healthy() ?? false);
  }

  elected(bucket: BucketId, term: number): void {
    this.replicas.get(bucket)?.applier.onRole('leader', term);
  }

  deposed(bucket: BucketId): void {
    const replica = this.replicas.get(bucket);
    if (replica === undefined) return;
    replica.applier.onRole('follower', this.cluster.group(bucket).term);
    for (const { resolve } of replica.proposals.values()) resolve({ kind: 'unknown' });
    replica.proposals.clear();
    for (const { resolve } of replica.readers.splice(0)) resolve({ kind: 'not-leader', leader: this.leader(bucket) });
  }

  /** Brings a replica to a snapshot of another one. */
  async install(bucket: BucketId, from: FakeHost): Promise<void> {
    const source = from.replicas.get(bucket);
    const replica = this.replicas.get(bucket);
    if (source === undefined || replica === undefined) throw new Error('no such replica');
    const { applied, confState, chunks } = await source.applier.snapshot(source.applied);
    await replica.applier.install(applied, confState, chunks);
    replica.applied = applied.index;
    this.pump(bucket);
  }

  pump(bucket: BucketId): void {
    const replica = this.replicas.get(bucket);
    if (replica !== undefined && !replica.applying) void this.applyAll(bucket, replica);
  }

  private async applyAll(bucket: BucketId, replica: Replica): Promise<void> {
    const group = this.cluster.group(bucket);
    replica.applying = true;
    while (this.alive && !this.held.has(bucket) && replica.applied < group.commit) {
      const entries = group.entries.slice(replica.applied, group.commit);
      const results = await replica.applier.apply(entries, group.confState).catch((error: unknown) => {
        if (isGroupStopped(error)) return this.halt(bucket);
        throw error;
      });
      if (!this.alive || results === undefined) return;
      replica.applied += entries.length;
      for (const [at, entry] of entries.entries()) {
        const proposal = replica.proposals.get(entry.index);
        const result = results[at];
        if (proposal === undefined || result === undefined) continue;
        replica.proposals.delete(entry.index);
        proposal.resolve(proposal.term === entry.term ? { kind: 'applied', index: entry.index, term: entry.term, result } : { kind: 'unknown' });
      }
      this.answerReaders(replica);
    }
    replica.applying = false;
  }

  /** As a real host: the replica ends, nobody is answered, and the leadership is free. */
  private halt(bucket: BucketId): undefined {
    this.halted.add(bucket);
    const group = this.cluster.group(bucket);
    if (group.leader === this.rm) group.leader = null;
    this.deposed(bucket);
    return undefined;
  }

  private answerReaders(replica: Replica): void {
    const ready = replica.readers.filter(({ index }) => index <= replica.applied);
    replica.readers = replica.readers.filter(({ index }) => index > replica.applied);
    for (const { index, resolve } of ready) resolve({ kind: 'ready', index: logIndex(index) });
  }
}
