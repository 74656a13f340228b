/**
 * The host of many Raft groups in one process: the registry, the calls of services, and the lifecycle. One scheduler
 * serves all groups (scheduler.ts), one log takes all their writes, one stream per peer process carries what they say
 * (process-peers.ts). What one group does is in group/.
 */
import type { Condition } from '@mas/health';
import { invariant, type BucketId, type MissingQuorum, type RmId } from '@mas/values';
import type { Applier, GroupStopped } from './applier';
import { balance } from './balance/balancer';
import { spreadEvenly } from './balance/preference';
import { InvalidMultiRaftConfig, ticksIn, validateMultiRaftConfig, type MultiRaftConfig } from './config';
import { statusOf } from './group/group-status';
import { bestSuccessor, transferTo, wellSuccessor } from './group/handover';
import type { HostContext } from './group/host-context';
import { maintain } from './group/maintenance';
import { missingQuorum } from './group/presence';
import { openReplica } from './group/open-replica';
import { changeReplicas, type ChangeOutcome } from './group/replica-changes';
import type { Replica } from './group/replica';
import { isRemoved, REMOVED } from './group/start-plan';
import { onStart } from './group/succession';
import { runTurn } from './group/turn';
import {
  HostStopped,
  type GroupLeadership,
  type GroupStatus,
  type InitialGroup,
  type MultiRaft,
  type PeerStatus,
  type ProposalResult,
  type ReadIndexResult,
  type ReplicaChange,
} from './host';
import type { HostFailure, HostPorts } from './host-ports';
import type { LogRecovery } from './log-store';
import { ProcessPeers } from './peers/process-peers';
import { nodeOf, rmOf } from './replica-id';
import { Scheduler } from './scheduler';
import { Ticker } from './ticker';
import { stopHost } from './stop';

type Phase = 'new' | 'running' | 'stopping' | 'stopped';

export class MultiRaftHost<Result> implements MultiRaft<Result> {
  private phase: Phase = 'new';
  private readonly registry = new Map<BucketId, Replica<Result>>();
  /** Groups being opened or removed: their id is taken, they take no part. */
  private readonly changing = new Set<BucketId>();
  private readonly ticking = new Set<Replica<Result>>();
  private readonly scheduler: Scheduler<Replica<Result>>;
  private readonly ticker: Ticker;
  private readonly peerProcesses: ProcessPeers<Result>;
  private readonly context: HostContext;
  private stopped: Promise<void> | undefined;

  /** @throws InvalidMultiRaftConfig with an error per field. */
  constructor(
    private readonly ports: HostPorts,
    private readonly config: MultiRaftConfig,
  ) {
    const errors = validateMultiRaftConfig(config);
    if (errors.length > 0) throw new InvalidMultiRaftConfig(errors);
    this.ticker = new Ticker(ports.clock, config.tickMs, () => this.tick());
    this.peerProcesses = new ProcessPeers(ports, config, this.registry, () => this.ticker.count);
    this.scheduler = new Scheduler(ports.clock, config.maxGroupsPerTurn, runTurn, () => this.peerProcesses.outboxes.flush());
    this.context = this.createContext();
  }

  /**
   * Reads the log back, opens the transport and starts time. Call once, before addGroup. Replicas that were removed
   * are not among the groups it returns. @throws LogDamaged
   */
  async start(): Promise<LogRecovery> {
    invariant(this.phase === 'new', 'a host is started once');
    const recovery = await this.ports.log.recover();
    this.phase = 'running';
    this.ports.transport.start(this.peerProcesses);
    this.ticker.start();
    return { ...recovery, groups: recovery.groups.filter((group) => !isRemoved(this.ports.log.storage(group))) };
  }

  /** @throws HostStopped, ReplicaUnusable (log and applied state contradict each other) or what the applier or the log throws. */
  async addGroup(group: BucketId, applier: Applier<Result>, initial: InitialGroup | null): Promise<void> {
    invariant(this.phase !== 'new', 'groups are added to a host that was started');
    if (this.phase !== 'running') throw new HostStopped(group);
    invariant(!this.registry.has(group) && !this.changing.has(group), 'a group is added once, and not while it is being removed', { group });
    this.changing.add(group);
    try {
      const replica = await openReplica(this.context, group, applier, initial);
      if (this.isEnding()) {
        await applier.stop();
        throw new HostStopped(group);
      }
      this.registry.set(group, replica);
      this.ticking.add(replica);
      onStart(replica);
    } finally {
      this.changing.delete(group);
    }
  }

  /** Ends the replica here and drops its log, except for term and vote. Its applied state's own rows are the caller's. */
  async removeGroup(group: BucketId): Promise<void> {
    if (!this.registry.has(group)) return;
    await this.closeGroup(group);
    await this.forgetGroup(group);
  }

  async closeGroup(group: BucketId): Promise<void> {
    const replica = this.registry.get(group);
    if (replica === undefined) return;
    replica.retire({ kind: 'unavailable', reason: 'the group was removed from this process' });
    this.registry.delete(group);
    this.changing.add(group);
    try {
      await replica.applier.stop();
    } finally {
      this.changing.delete(group);
    }
  }

  async forgetGroup(group: BucketId): Promise<void> {
    invariant(!this.registry.has(group) && !this.changing.has(group), 'only a closed group is forgotten', { group });
    this.changing.add(group);
    try {
      await this.ports.log.reset(group, REMOVED);
    } finally {
      this.changing.delete(group);
    }
  }

  wasRemoved(group: BucketId): boolean {
    return isRemoved(this.ports.log.storage(group));
  }

  groups(): readonly BucketId[] {
    return [...this.registry.keys()];
  }

  propose(group: BucketId, data: Uint8Array): Promise<ProposalResult<Result>> {
    if (this.phase !== 'running') return Promise.resolve({ kind: 'refused', reason: 'stopping' });
    const replica = this.registry.get(group);
    if (replica === undefined) return Promise.resolve({ kind: 'refused', reason: 'no-group' });
    if (!replica.isLeader || replica.isRetired || missingQuorum(replica) !== null) return Promise.resolve(replica.notLeader());
    if (replica.transfer !== undefined) return Promise.resolve({ kind: 'refused', reason: 'transferring' });
    return new Promise((settle) => {
      if (replica.queue.offer(data, settle)) replica.wake();
      else settle({ kind: 'refused', reason: 'overloaded' });
    });
  }

  readIndex(group: BucketId, timeoutMs: number): Promise<ReadIndexResult> {
    const replica = this.registry.get(group);
    if (this.phase !== 'running' || replica === undefined || replica.isRetired) {
      return Promise.resolve({ kind: 'unavailable', reason: replica === undefined ? 'no such group in this process' : 'stopping' });
    }
    if (!replica.isLeader || missingQuorum(replica) !== null) return Promise.resolve(replica.notLeader());
    return new Promise((settle) => {
      if (replica.reads.offer(this.ports.clock.monotonicMs() + timeoutMs, settle)) replica.wake();
      else settle({ kind: 'unavailable', reason: 'too many reads wait' });
    });
  }

  leader(group: BucketId): RmId | null {
    return this.registry.get(group)?.leader ?? null;
  }

  leadership(group: BucketId): GroupLeadership | null {
    const replica = this.registry.get(group);
    if (replica === undefined) return null;
    const { leader: node, term } = replica.node.basicStatus();
    if (node === undefined || replica.isRetired) return { leader: null, term, heardAgoMs: null };
    const heardAgoMs = node === this.context.nodeId ? 0 : this.peerProcesses.liveness.heardAgoMs(node, this.ports.clock.monotonicMs());
    return { leader: rmOf(node), term, heardAgoMs };
  }

  missingQuorum(group: BucketId): MissingQuorum | null {
    const replica = this.registry.get(group);
    return replica === undefined ? null : missingQuorum(replica);
  }

  isLeader(group: BucketId): boolean {
    return this.registry.get(group)?.isLeader ?? false;
  }

  async transferLeadership(group: BucketId, to: RmId): Promise<boolean> {
    const replica = this.registry.get(group);
    if (replica === undefined) return false;
    if (to === this.ports.self.rm) return replica.isLeader;
    const target = replica.voters.find((node) => rmOf(node) === to && this.peerProcesses.liveness.isAlive(node));
    return target === undefined ? false : transferTo(replica, target);
  }

  async changeReplicas(group: BucketId, change: ReplicaChange, decidedOn?: Pick<GroupStatus, 'term' | 'voters'>): Promise<ChangeOutcome> {
    const replica = this.registry.get(group);
    if (replica === undefined || this.phase !== 'running') return 'refused';
    return decidedOn === undefined || isStill(replica, decidedOn) ? changeReplicas(replica, change) : 'refused';
  }

  async stopGroup(group: BucketId, cause: GroupStopped): Promise<void> {
    const replica = this.registry.get(group);
    if (replica === undefined || replica.isRetired) return;
    const successor = replica.isLeader ? bestSuccessor(replica) : undefined;
    if (successor !== undefined) await transferTo(replica, successor);
    replica.halt(cause);
  }

  condition(): Condition {
    return this.peerProcesses.own.condition;
  }

  agreedMs(): number | null {
    return this.peerProcesses.agreedMs();
  }

  hasSuccessor(group: BucketId): boolean {
    const replica = this.registry.get(group);
    return replica !== undefined && replica.isLeader && wellSuccessor(replica) !== undefined;
  }

  storeFails(fails: boolean): void {
    this.peerProcesses.own.storeFails = fails;
  }

  status(): readonly GroupStatus[] {
    return [...this.registry.values()].map(statusOf);
  }

  peers(): readonly PeerStatus[] {
    return this.peerProcesses.status();
  }

  /** As said in host.ts; closes the transport and the log as well. Calling it again waits for the same end. */
  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  /** Asked anew after each wait. */
  private isEnding(): boolean {
    return this.phase !== 'running';
  }

  private async stopOnce(): Promise<void> {
    const wasRunning = this.phase === 'running';
    this.phase = 'stopping';
    if (wasRunning) {
      await stopHost([...this.registry.values()], this.config, this.ports, () => {
        this.ticker.stop();
        this.scheduler.stop();
      });
    }
    this.phase = 'stopped';
  }

  private tick(): void {
    const { config } = this;
    this.peerProcesses.tick();
    for (const replica of this.ticking) {
      // Ticks that a crowded turn could not serve do not pile up: a late group must not think that its leader is gone.
      replica.pendingTicks = 1;
      this.scheduler.enqueue(replica);
    }
    const tick = this.ticker.count;
    if (tick % ticksIn(config, config.maintenanceMs) === 0) this.maintain();
    if (config.balanceMs > 0 && tick % ticksIn(config, config.balanceMs) === 0 && this.phase === 'running') this.balance(tick);
  }

  private maintain(): void {
    const pressing = new Set(this.ports.log.pinning().map((one) => one.group));
    for (const [group, replica] of this.registry) maintain(replica, pressing.has(group));
  }

  private balance(tick: number): void {
    const { holdMs, maxTransfersPerRound } = this.config;
    balance(this.registry.values(), { tick, holdMs, holdTicks: holdMs === 0 ? 0 : ticksIn(this.config, holdMs), maxTransfers: maxTransfersPerRound });
  }

  private createContext(): HostContext {
    const { ports, config, peerProcesses: peers, scheduler, ticker, registry, ticking } = this;
    return {
      self: ports.self,
      nodeId: nodeOf(ports.self),
      config,
      clock: ports.clock,
      random: ports.random,
      logger: ports.logger,
      log: ports.log,
      outboxes: peers.outboxes,
      preferredLeaders: ports.preferredLeaders ?? spreadEvenly,
      isAlive: (peer) => peers.liveness.isAlive(peer),
      isWell: (peer) => peers.liveness.isWell(peer),
      isAiling: (peer) => peers.liveness.verdict(peer).kind === 'ailing',
      condition: () => peers.own.condition,
      aliveForMs: (peer) => peers.liveness.aliveForMs(peer, ports.clock.monotonicMs()),
      goneForMs: (peer) => peers.liveness.goneForMs(peer, ports.clock.monotonicMs()),
      tick: () => ticker.count,
      schedule: (group) => {
        const replica = registry.get(group);
        if (replica !== undefined) scheduler.enqueue(replica);
      },
      setTicking: (group, isTicking) => {
        const replica = registry.get(group);
        if (replica === undefined) return;
        if (isTicking) ticking.add(replica);
        else ticking.delete(replica);
      },
      snapshotProgress: (peer) => peers.snapshots.progressTo(peer),
      sendSnapshot: (group, message) => peers.snapshots.enqueue(group, message),
      fatal: (failure: HostFailure) => ports.onFatal(failure),
    };
  }
}

/** Leadership and voters are those that something was decided on. */
function isStill<Result>(replica: Replica<Result>, { term, voters }: Pick<GroupStatus, 'term' | 'voters'>): boolean {
  const nodes = new Set(voters.map(nodeOf));
  return replica.isLeader && replica.known.term === term && nodes.size === replica.voters.length && replica.voters.every((node) => nodes.has(node));
}
