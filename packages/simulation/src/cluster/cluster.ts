/** The simulated cluster: Resource Managers, Transaction Managers, their machines, one Redis; and the verbs that disturb them. */
import { MembershipRefused, type FailpointName } from '@mas/resource-manager';
import type { CoordinatorConfig, Failpoint } from '@mas/transaction-coordinator';
import type { PeerBatch } from '@mas/multi-raft';
import { founderId, type MemberId } from '@mas/membership';
import { bucketsWithRows, founderOf, genesisPlacement, META_GROUP, PlacementIndex, slotOfAccount, type PlacementMap } from '@mas/placement';
import { InvariantViolation, present, rmId, type AccountNumber, type BucketId, type Clock, type RmId, type SeededRandom } from '@mas/values';
import { Network } from '../world/network';
import { RaftFabric } from '../world/raft-transport';
import { SessionFabric } from '../world/sessions';
import { SimDisk } from '../world/sim-disk';
import { SimProcess } from '../world/sim-process';
import { SimRedis } from '../world/sim-redis';
import { SimSql } from '../world/sim-sql';
import type { World } from '../world/world';
import type { Machine } from './cluster-parts';
import type { ClusterObserver } from './observer';
import { RmProcess, type Host, type RmSettings, type Standing } from './rm-process';
import { TmProcess } from './tm-process';

export interface ClusterShape {
  readonly resourceManagers: number;
  readonly buckets: number;
  readonly replicas: number;
  readonly transactionManagers: number;
  readonly rm: RmSettings;
  readonly tm: Partial<CoordinatorConfig>;
}

/** An append, the `count`th of its leader's reign, from 1. */
export interface LeaderWord {
  readonly rm: RmId;
  readonly to: RmId;
  readonly group: BucketId;
  readonly term: number;
  readonly count: number;
  /** The terms of the entries it carries. */
  readonly entryTerms: readonly number[];
  readonly commit: number;
}

/** A home has recorded that a payment is committed, and who is to be told. */
export interface Decided {
  readonly home: BucketId;
  /** The buckets of the legs that do not know yet. */
  readonly untold: readonly BucketId[];
}

export type CrashKind = Parameters<RmProcess['kill']>[0];

/** A process that is not one of the cluster's, whatever it says. */
export interface Guest {
  readonly rm: RmId;
  readonly name: string;
  readonly machine: Machine;
  /** Why nobody should hear it; null: whoever does not know that it was replaced may. */
  readonly why: string | null;
  readonly onRefused: () => void;
}

const START_LIMIT_MS = 30_000;
const RESTART_MS = 1_000;
const VOTE_TO_DEATH_MS = 3;
const QUICK_RESTART_MS = 10;

export class Cluster {
  readonly network: Network;
  readonly redis: SimRedis;
  readonly genesis: PlacementMap;
  /** By the newest map. */
  private index: PlacementIndex;
  readonly machines = new Map<RmId, Machine>();
  readonly rms = new Map<RmId, RmProcess>();
  readonly tms = new Map<string, TmProcess>();
  /** Who runs beside the cluster, by process name. */
  readonly guests = new Map<string, RmProcess>();
  /** Resource Managers that were refused, and why: they stay down until their operator has done something. */
  readonly refused = new Map<RmId, string>();
  /** Machines that are away: their supervisors start nothing. */
  readonly held = new Set<RmId>();
  /** Armed by the faults: a process that passes this failpoint dies there. */
  rmDiesAt: FailpointName | null = null;
  tmDiesAt: Failpoint | null = null;
  /** The next process that gives its vote away dies right after, before anything that follows. */
  voterDies = false;
  /** Those that clients use all the time. */
  accounts: readonly AccountNumber[] = [];
  /** In this run slots move, also to buckets that were added. */
  givesSlots = false;
  /** Hear of every append of a group's newest leader before it has left. */
  readonly onLeaderWord = new Set<(word: LeaderWord) => void>();
  /** Hear of every payment across buckets as soon as one replica of its home has applied that it is committed. */
  readonly onDecided = new Set<(decided: Decided) => void>();
  readonly sessions: SessionFabric;
  private readonly fabric: RaftFabric;
  /** Group → the latest term that had a leader, and how many appends it has sent. */
  private readonly reigns = new Map<BucketId, { readonly term: number; words: number }>();
  private readonly tmWallOffsetsMs = new Map<string, number>();
  private readonly tmRecords = new Map<string, Map<string, string>>();
  private readonly random: SeededRandom;

  constructor(
    readonly world: World,
    readonly shape: ClusterShape,
    private readonly observer: ClusterObserver,
  ) {
    this.random = world.chance();
    this.network = new Network(world);
    this.sessions = new SessionFabric(this.network, (process, by, why) => observer.onHeard(process, by, why));
    this.fabric = new RaftFabric(this.network, {
      onBatch: (from, to, batch) => this.hear(from, to, batch),
      onTaken: (by, from, batch) => observer.onTaken(by, from, batch),
      onHeard: (process, by, why) => observer.onHeard(process, by, why),
    });
    this.redis = new SimRedis(this.network, serverClock(world));
    const members = Array.from({ length: shape.resourceManagers }, (_, i) => ({ rm: rmId(i + 1), address: `rm-${i + 1}:1` }));
    this.genesis = genesisPlacement(members, shape.buckets, shape.replicas);
    this.index = new PlacementIndex(this.genesis);
    for (const { rm } of members) this.machines.set(rm, this.machine(`sql-${rm}`, this.random.below(2_000) - 1_000));
    for (let i = 1; i <= shape.transactionManagers; i += 1) this.tmWallOffsetsMs.set(`tm-${i}`, this.random.below(2_000) - 1_000);
  }

  get rmIds(): readonly RmId[] {
    return [...this.machines.keys()];
  }

  get tmNames(): readonly string[] {
    return [...this.tmWallOffsetsMs.keys()];
  }

  /** Those that have slots, or to which some are on their way. */
  get buckets(): readonly BucketId[] {
    return bucketsWithRows(this.newestMap());
  }

  /** Those that stand, also without slots. */
  get standing(): readonly BucketId[] {
    const map = this.newestMap();
    return map.buckets.map(({ bucket }) => bucket).filter((bucket) => founderOf(map, bucket) === null);
  }

  /** Those that must be whole: of later ones all that stand, where these get slots. */
  get kept(): readonly BucketId[] {
    return this.givesSlots ? this.standing : this.buckets;
  }

  /** Of a bucket that was added since. */
  isLater(group: BucketId): boolean {
    return group > this.shape.buckets;
  }

  /** By the newest map. */
  get placement(): PlacementIndex {
    const map = this.newestMap();
    if (map.version > this.index.map.version) this.index = new PlacementIndex(map);
    return this.index;
  }

  /** @param untold the accounts of legs in other buckets */
  decided(home: BucketId, untold: readonly AccountNumber[]): void {
    if (untold.length === 0) return;
    for (const hear of [...this.onDecided]) hear({ home, untold: untold.map((account) => this.bucketOfAccount(account)) });
  }

  /** Of all that a process knows. */
  newestMap(): PlacementMap {
    const maps = [...this.rms.values()].flatMap(({ parts }) => (parts === null ? [] : [parts.directory.placement().map]));
    return maps.reduce((newest, map) => (map.version > newest.version ? map : newest), this.genesis);
  }

  bucketOfAccount(account: AccountNumber): BucketId {
    return this.placement.bucketOf(slotOfAccount(account));
  }

  /** All processes, until every group has a leader and the coordinators serve. */
  async start(): Promise<void> {
    for (const rm of this.rmIds) this.startRm(rm);
    for (const name of this.tmNames) this.startTm(name);
    const ready = await this.world.time.runUntil(this.world.time.nowMs() + START_LIMIT_MS, () => this.isReady());
    if (!ready) throw new Error(`the cluster did not start within ${START_LIMIT_MS} virtual ms`);
  }

  isReady(): boolean {
    return (
      this.tmNames.every((name) => this.tms.get(name)?.isServing === true) && [META_GROUP, ...this.buckets].every((group) => this.leaderOf(group) !== null)
    );
  }

  /** A machine of its own, with nothing on it. */
  machine(sqlName: string, wallOffsetMs: number): Machine {
    const { world, fabric, sessions } = this;
    return {
      world,
      disk: new SimDisk(world),
      sql: new SimSql(this.network, sqlName),
      fabric,
      sessions,
      wallOffsetMs,
      rejoin: false,
      isForeign: false,
      forgotten: null,
    };
  }

  /** Unless it runs, its machine is away, or it was refused and nobody has done anything about it. */
  startRm(rm: RmId): void {
    if (this.rms.has(rm) || this.refused.has(rm) || this.held.has(rm)) return;
    const process = this.process(rm, `rm-${rm}`, present(this.machines.get(rm), 'machine'), { kind: 'member' }, (self, refused) => this.rmEnded(self, refused));
    this.rms.set(rm, process);
    this.run(process);
  }

  startGuest({ rm, name, machine, why, onRefused }: Guest): void {
    const process = this.process(rm, name, machine, { kind: 'guest', why }, (_self, refused) => {
      this.guests.delete(name);
      if (refused !== null) onRefused();
    });
    this.guests.set(name, process);
    this.run(process);
  }

  /** The operator has done what the refusal asks for. */
  allow(rm: RmId): void {
    this.refused.delete(rm);
  }

  host(rm: RmId | null): Host | undefined {
    return (rm === null ? null : this.rms.get(rm)?.host) ?? undefined;
  }

  /** The incarnation that runs there, or lies there. */
  memberOf(rm: RmId): MemberId {
    const running = this.rms.get(rm)?.parts?.local.self;
    if (running !== undefined) return { rm, ordinal: running.ordinal };
    const state = this.machines.get(rm)?.disk.identity()?.state;
    return state?.kind === 'admitted' ? { rm, ordinal: state.ordinal } : founderId(rm);
  }

  startTm(name: string): void {
    if (this.tms.has(name)) return;
    const records = this.tmRecords.get(name) ?? new Map<string, string>();
    this.tmRecords.set(name, records);
    const place = { world: this.world, sessions: this.sessions, redis: this.redis, wallOffsetMs: this.tmWallOffsetsMs.get(name) ?? 0, records };
    const process: TmProcess = new TmProcess(
      name,
      place,
      this.shape.tm,
      this.genesis,
      (point) => this.tmPasses(name, point),
      (self) => this.tmEnded(self),
    );
    this.tms.set(name, process);
    this.world.trace.note(`${name} starts`);
    void process.start();
  }

  /** All wall clocks show the time again. */
  setClocksRight(): void {
    for (const { process } of [...this.rms.values(), ...this.guests.values(), ...this.tms.values()]) process.setWallClockRight();
    for (const machine of this.machines.values()) machine.wallOffsetMs = 0;
    for (const name of this.tmNames) this.tmWallOffsetsMs.set(name, 0);
  }

  killRm(rm: RmId, tearing: CrashKind, commitsBreak: boolean): void {
    this.rms.get(rm)?.kill(tearing, commitsBreak);
  }

  leaderOf(group: BucketId): RmId | null {
    let best: { readonly rm: RmId; readonly term: number } | null = null;
    for (const { rm, host } of this.rms.values()) {
      const status = host?.isLeader(group) === true ? host.status().find((one) => one.group === group) : undefined;
      if (status !== undefined && (best === null || status.term > best.term)) best = { rm, term: status.term };
    }
    return best?.rm ?? null;
  }

  /** Somebody wants another leader than the present one. @returns whether leadership has moved there */
  async transferLeadership(bucket: BucketId, to: RmId): Promise<boolean> {
    const leader = this.leaderOf(bucket);
    return leader === null ? false : ((await this.rms.get(leader)?.transferLeadership(bucket, to)) ?? false);
  }

  /** Whether it would hand this group over because somebody wants it to, or because it is about to end. */
  isHandOverAsked(rm: RmId, group: BucketId): boolean {
    return this.rms.get(rm)?.isHandOverAsked(group) !== false;
  }

  private process(rm: RmId, name: string, machine: Machine, standing: Standing, onExit: (self: RmProcess, refused: string | null) => void): RmProcess {
    const { shape, genesis, observer } = this;
    const orders = { rm, name, settings: shape.rm, genesis, buckets: shape.buckets, replicas: shape.replicas, standing };
    return new RmProcess(machine, orders, { observer, diesAt: (point) => standing.kind === 'member' && this.rmPasses(rm, point), onExit });
  }

  private run(process: RmProcess): void {
    const { name } = process.process;
    this.world.trace.note(`${name} starts`);
    process.start().catch((error: unknown) => {
      if (!process.process.isAlive) return;
      if (error instanceof MembershipRefused) {
        process.refused(error);
        return;
      }
      // As the process itself does (bin/src/platform/lifecycle.ts): what a start then finds closed is no failure; a broken invariant is one.
      if (process.isStopping && !(error instanceof InvariantViolation)) return;
      // Exit code 2, too.
      if (error instanceof Error && 'kind' in error && error.kind === 'replica-unusable') {
        process.refused(new MembershipRefused('REPLICA_UNUSABLE', error.message));
        return;
      }
      this.observer.onFatal(name, error, isAwayError(error));
      process.kill('keep', false);
    });
  }

  private hear(member: MemberId, to: RmId, batch: PeerBatch): void {
    this.observer.onBatch(member, batch);
    const from = member.rm;
    for (const { group, message } of batch.messages) {
      if (message.kind === 'vote-response' && message.granted && this.voterDies) this.dieAfterVote(from);
      if (message.kind !== 'append') continue;
      const known = this.reigns.get(group);
      if (known !== undefined && message.term < known.term) continue;
      const reign = known?.term === message.term ? known : { term: message.term, words: 0 };
      this.reigns.set(group, reign);
      reign.words += 1;
      const word: LeaderWord = {
        rm: from,
        to,
        group,
        term: message.term,
        count: reign.words,
        entryTerms: message.entries.map((entry) => entry.term),
        commit: message.commit,
      };
      for (const hear of [...this.onLeaderWord]) hear(word);
    }
  }

  private dieAfterVote(rm: RmId): void {
    this.voterDies = false;
    this.world.time.at(this.random.unit() * VOTE_TO_DEATH_MS, () => {
      this.world.trace.note(`rm-${rm} has voted and dies`);
      this.world.counters.add('voters died');
      this.killRm(rm, 'lose', true);
    });
  }

  private rmPasses(rm: RmId, name: FailpointName): boolean {
    if (this.rmDiesAt !== name) return false;
    this.rmDiesAt = null;
    this.world.trace.note(`rm-${rm} dies at ${name}`);
    this.world.counters.add('deaths at a failpoint');
    return true;
  }

  private tmPasses(name: string, point: Failpoint): boolean {
    if (this.tmDiesAt !== point) return false;
    this.tmDiesAt = null;
    this.world.trace.note(`${name} dies at ${point}`);
    this.world.counters.add('deaths at a failpoint');
    return true;
  }

  private rmEnded(ended: RmProcess, refused: string | null): void {
    if (this.rms.get(ended.rm) === ended) this.rms.delete(ended.rm);
    this.world.trace.note(`rm-${ended.rm} has ended`);
    if (refused !== null) {
      this.refused.set(ended.rm, refused);
      this.world.counters.add(`refused: ${refused}`);
      return;
    }
    this.again(() => this.startRm(ended.rm));
  }

  private tmEnded(ended: TmProcess): void {
    if (this.tms.get(ended.name) === ended) this.tms.delete(ended.name);
    this.tmWallOffsetsMs.set(ended.name, ended.process.wallOffset);
    this.world.trace.note(`${ended.name} has ended`);
    this.again(() => this.startTm(ended.name));
  }

  private again(start: () => void): void {
    // Some supervisors are quick: a process may be back before its messages have arrived.
    const pauseMs = this.random.chance(0.4) ? QUICK_RESTART_MS : RESTART_MS;
    this.world.time.at(pauseMs * (0.5 + this.random.unit()), start);
  }
}

/** A start that SQL's absence or a full disk prevented is repeated by the supervisor; anything else is a finding. */
function isAwayError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('kind' in error && error.kind === 'store-unavailable') || ('code' in error && error.code === 'ENOSPC');
}

/** Servers that are not under test keep time well. */
function serverClock(world: World): Clock {
  return new SimProcess('servers', world.time, { wallMs: 0, monotonicMs: 0 }).clock;
}
