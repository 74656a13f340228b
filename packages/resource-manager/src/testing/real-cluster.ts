/** Three Resource Managers over the real multi-Raft host, with memory logs, network and databases, in virtual time. */
import { MultiRaftHost, multiRaftConfig, type GroupStatus } from '@mas/multi-raft';
import {
  changeMap,
  genesisPlacement,
  META_GROUP,
  PlacementIndex,
  slotOfAccount,
  type LeaderDirectory,
  type MapChange,
  type PlacementMap,
} from '@mas/placement';
import { ProcessClock, VirtualClock } from '@mas/testkit/clock';
import { MemoryLogDisk, MemoryLogStore } from '@mas/testkit/log-store';
import { FaultyDatabase } from '@mas/testkit/applied-store';
import { madeUpCluster } from '@mas/testkit/membership';
import { MemoryNetwork, type MemoryTransport } from '@mas/testkit/peer-transport';
import type { ParticipantReply, ParticipantRequest, ReplicaChecksum } from '@mas/two-phase-commit';
import { accountNumber, err, ok, present, rmId, SeededRandom, silentLogger, type AccountNumber, type BucketId, type RmId } from '@mas/values';
import { resourceManagerConfig, type ResourceManagerConfigInput } from '../config';
import { platformDigest } from '../digest';
import { founderMembership, MemoryIdentityStore } from './memory-identity-store';
import { ResourceManager } from '../resource-manager';
import type { ApplyResult } from '../resource-manager-options';
import { MemorySnapshotSpool } from '../snapshot-spool';
import type { TokenVerifier } from '../token-verifier';
import { jsonLedgerCodec, jsonRowCodec } from './json-codecs';
import { OrderBook } from './order-book';
import { OPERATOR } from './payments';

interface Process {
  readonly manager: ResourceManager;
  readonly host: MultiRaftHost<ApplyResult>;
  readonly directory: LeaderDirectory;
  readonly clock: ProcessClock;
  readonly log: MemoryLogStore;
  readonly transport: MemoryTransport;
  alive: boolean;
}

const EXCHANGE_MS = 1;
/** So that a replica that was away for a moment needs a snapshot. */
const SHORT_LOGS = { retainedEntries: 2, compactionStepEntries: 2, maxFollowerLagBytes: 1_000, maintenanceMs: 200 };

export class RealCluster {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly placement = genesisPlacement(
    [1, 2, 3].map((id) => ({ rm: rmId(id), address: `rm-${id}:1` })),
    3,
    3,
  );
  readonly moves = new OrderBook(this.placement);
  readonly failures: unknown[] = [];
  readonly databases = new Map<RmId, FaultyDatabase>();
  /** Snapshots installed so far. */
  installs = 0;
  private readonly network: MemoryNetwork;
  private readonly disks = new Map<RmId, MemoryLogDisk>();
  private readonly processes = new Map<RmId, Process>();
  private readonly identities = new Map<RmId, MemoryIdentityStore>();
  private readonly cluster = madeUpCluster(this.placement.resourceManagers.map(({ rm }) => rm));
  private readonly hints = new Map<BucketId, RmId>();

  constructor(
    seed: number,
    private readonly config: ResourceManagerConfigInput = {},
    /** Whose moves of slots are carried out. */
    private readonly ordersBy: 'book' | 'map' = 'book',
  ) {
    this.random = new SeededRandom(seed);
    this.network = new MemoryNetwork(this.clock, this.random.fork());
  }

  async start(): Promise<this> {
    for (const { rm } of this.placement.resourceManagers) await this.boot(rm);
    return this;
  }

  async boot(rm: RmId): Promise<void> {
    const disk = this.disks.get(rm) ?? new MemoryLogDisk();
    this.disks.set(rm, disk);
    const database = this.databases.get(rm) ?? new FaultyDatabase();
    this.databases.set(rm, database);
    const clock = new ProcessClock(this.clock);
    const log = new MemoryLogStore(disk, clock, { syncMs: 1 });
    const member = this.cluster.local(rm, () => log.position());
    const transport = this.network.transport(member);
    const onFatal = (failure: unknown): void => {
      if (holder.process?.alive !== false) this.failures.push(failure);
    };
    const host = new MultiRaftHost<ApplyResult>(
      {
        self: member.self,
        log,
        transport,
        positions: member,
        processes: () => member.members.size,
        clock,
        random: this.random.fork(),
        logger: silentLogger,
        onFatal,
      },
      multiRaftConfig(SHORT_LOGS),
    );
    const holder: { process: Process | null } = { process: null };
    const config = resourceManagerConfig(this.config);
    if (!config.ok) throw new Error(JSON.stringify(config.error));
    const identities = this.identities.get(rm) ?? new MemoryIdentityStore();
    this.identities.set(rm, identities);
    const directory = this.moves.directory(identities.loadMap());
    const manager = new ResourceManager({
      rm,
      membership: founderMembership(member, identities),
      host,
      store: database.connect(() => holder.process?.alive ?? true),
      ledgerCodec: jsonLedgerCodec,
      rowCodec: jsonRowCodec,
      tokens: testTokens,
      participants: { send: (to, request) => this.exchange(to, request, 'rm') },
      directory,
      ...(this.ordersBy === 'map' ? {} : { moves: this.moves }),
      clock,
      random: this.random.fork(),
      logger: { ...silentLogger, info: (_facts, message) => this.countInstall(message) },
      digest: platformDigest,
      spool: new MemorySnapshotSpool(),
      config: config.value,
      onFatal,
    });
    holder.process = { manager, host, directory, clock, log, transport, alive: true };
    const { groups } = await this.settling(host.start());
    await this.settling(manager.start(groups));
    this.processes.set(rm, holder.process);
  }

  /** SIGKILL: what the log had not synced and SQL had not committed is lost. */
  kill(rm: RmId): void {
    const process = present(this.processes.get(rm), `process ${rm}`);
    process.alive = false;
    process.clock.kill();
    process.log.crash();
    process.transport.kill();
    this.processes.delete(rm);
  }

  running(): readonly RmId[] {
    return [...this.processes.keys()];
  }

  /** The newest that any running process has heard. */
  newestMap(): PlacementMap {
    const maps = [...this.processes.values()].map(({ directory }) => directory.placement().map);
    return maps.reduce((newest, map) => (map.version > newest.version ? map : newest), this.placement);
  }

  /** What this process says of its replica; undefined: it has none. */
  replica(rm: RmId, group: BucketId): GroupStatus | undefined {
    return this.processes
      .get(rm)
      ?.host.status()
      .find((one) => one.group === group);
  }

  /** It had a replica of the group, which has promised something, and dropped it. */
  hasDropped(rm: RmId, group: BucketId): boolean {
    const { applied } = present(this.databases.get(rm), 'database').table(group).checkpoint;
    return present(this.processes.get(rm), `process ${rm}`).host.wasRemoved(group) && applied.index === 0;
  }

  /** Whoever leads the meta group changes the map; asked again until it is changed. */
  async change(change: MapChange): Promise<PlacementMap> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const leader = [...this.processes.values()].find(({ host }) => host.isLeader(META_GROUP));
      const map = (await leader?.manager.proposeChange(change)) ?? null;
      const again = map === null ? null : changeMap(map, change);
      if (map !== null && again?.ok === true && again.value === map) return map;
      await new Promise<void>((resolve) => this.clock.schedule(50, resolve));
    }
    throw new Error(`the map does not take ${JSON.stringify(change)}`);
  }

  bucketOf(account: AccountNumber): BucketId {
    return new PlacementIndex(this.moves.map).bucketOf(slotOfAccount(account));
  }

  /** As a coordinator asks: hints and repetitions until somebody answers, for at most `tries`. */
  async ask(bucket: BucketId, request: ParticipantRequest, tries = 40): Promise<ParticipantReply> {
    let reply: ParticipantReply = { kind: 'unavailable', reason: 'nobody asked' };
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const rm = this.hints.get(bucket) ?? rmId(1 + (attempt % 3));
      reply = await this.exchange(rm, request, 'tm');
      if (reply.kind === 'not-leader' || reply.kind === 'unknown' || reply.kind === 'unavailable' || reply.kind === 'no-replica') {
        this.hints.delete(bucket);
        if (reply.kind === 'not-leader' && reply.leader !== null) this.hints.set(bucket, reply.leader);
        await new Promise<void>((resolve) => this.clock.schedule(50, resolve));
      } else {
        this.hints.set(bucket, rm);
        return reply;
      }
    }
    return reply;
  }

  async checksum(rm: RmId, bucket: BucketId): Promise<ReplicaChecksum> {
    const reply = await this.settling(this.exchange(rm, { kind: 'checksum', bucket, atUs: null }, 'tm'));
    if (reply.kind !== 'checksum') throw new Error(JSON.stringify(reply));
    return reply.checksum;
  }

  async settling<Value>(work: Promise<Value>, limitMs = 120_000): Promise<Value> {
    let outcome: { readonly value: Value } | { readonly error: unknown } | undefined;
    work.then(
      (value) => (outcome = { value }),
      (error: unknown) => (outcome = { error }),
    );
    await this.clock.until(() => outcome !== undefined || this.failures.length > 0, limitMs);
    if (this.failures.length > 0) throw new Error(`a process failed: ${this.failures.map(describe).join('; ')}`);
    if (outcome === undefined) throw new Error(`not within ${limitMs} virtual ms`);
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  private countInstall(message: string): void {
    if (message === 'snapshot installed') this.installs += 1;
  }

  /** Requests to the dead get no answer in time; a reply of one that dies meanwhile is lost as well. */
  private async exchange(rm: RmId, request: ParticipantRequest, caller: 'tm' | 'rm' = 'tm'): Promise<ParticipantReply> {
    await new Promise<void>((resolve) => this.clock.schedule(EXCHANGE_MS, resolve));
    const process = this.processes.get(rm);
    const lost: ParticipantReply = { kind: 'unknown', reason: 'no answer' };
    if (process === undefined) return lost;
    const timeout = new Promise<ParticipantReply>((resolve) => this.clock.schedule(2_000, () => resolve(lost)));
    const reply = await Promise.race([process.manager.handle(request, caller), timeout]);
    return process.alive ? reply : lost;
  }
}

function describe(failure: unknown): string {
  if (failure instanceof Error) return failure.stack ?? failure.message;
  const { what, cause } = failure as { what?: string; cause?: unknown };
  return `${String(what)}: ${cause instanceof Error ? cause.stack : String(cause)}`;
}

const testTokens: TokenVerifier = {
  verify: (token) => {
    if (token === 'operator') return ok(OPERATOR);
    if (token.startsWith('account:')) return ok({ kind: 'account', account: accountNumber(token.slice('account:'.length)) });
    return err({ reason: 'TOKEN_INVALID' });
  },
};
