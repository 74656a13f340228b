/**
 * One Resource Manager process, wired as production wires it, over the world's clock, network, disk and SQL: from its folder to a
 * member, and from there to its groups.
 */
import { SEMANTICS_VERSION, type Outcome } from '@mas/ledger';
import { MultiRaftHost, multiRaftConfig, spreadEvenly, type Applier, type InitialGroup, type MultiRaftConfig } from '@mas/multi-raft';
import { LeaderDirectory, PlacementIndex, preferredLeaders, type PlacementMap } from '@mas/placement';
import { LogFailed, SegmentedLogStore } from '@mas/raft-log';
import {
  FolderMembership,
  lookAround,
  MemberDesk,
  MembershipRefused,
  MemorySnapshotSpool,
  platformDigest,
  ResourceManager,
  resourceManagerConfig,
  takePart,
  type Arrival,
  type FailpointName,
  type Member,
  type ResourceManagerConfig,
  type ResourceManagerConfigInput,
} from '@mas/resource-manager';
import { EncodedInstructions, ProtoLedgerCodec, ProtoRowCodec, SessionCodec } from '@mas/rpc';
import type { BucketId, Logger, RmId } from '@mas/values';
import { SimProcess } from '../world/sim-process';
import type { SimTransport } from '../world/raft-transport';
import type { SessionServer } from '../world/sessions';
import type { SimStore } from '../world/sim-sql';
import type { Machine } from './cluster-parts';
import { observed, type ClusterObserver } from './observer';
import { testTokens } from './tokens';
import { processLogger } from './process-logger';

export interface RmSettings {
  readonly raft: Partial<MultiRaftConfig>;
  readonly manager: ResourceManagerConfigInput;
}

/** What it is told on its command line. */
export interface RmOrders {
  readonly rm: RmId;
  /** Of the process and of its links. */
  readonly name: string;
  readonly settings: RmSettings;
  readonly genesis: PlacementMap;
  readonly buckets: number;
  readonly replicas: number;
  readonly standing: Standing;
}

export type Standing =
  | { readonly kind: 'member' }
  /** It listens at no address of the cluster, and only dials: of another cluster, a stranger, a disk that was given up. @param why nobody should hear it, as only the simulator knows */
  | { readonly kind: 'guest'; readonly why: string | null };

export interface RmObservers {
  readonly observer: ClusterObserver;
  /** Asked at each failpoint: true ends the process there. */
  readonly diesAt: (name: FailpointName) => boolean;
  /** @param refused why it is no member with the folder and database that it has: it does not start again by itself. Null: it died. */
  readonly onExit: (self: RmProcess, refused: string | null) => void;
}

type Part = Member<SimStore, SegmentedLogStore>;
export type Host = MultiRaftHost<readonly Outcome[]>;

/** What there is once it is a member. */
export interface RmParts extends Part {
  readonly host: Host;
  readonly manager: ResourceManager;
  readonly directory: LeaderDirectory;
}

const LOG_SEGMENT_BYTES = 128 * 1024;

export class RmProcess {
  readonly process: SimProcess;
  readonly rm: RmId;
  /** Null: it is no member yet. */
  parts: RmParts | null = null;
  /** Its manager takes orders. */
  hasStarted = false;
  private readonly desk = new MemberDesk();
  private readonly server: SessionServer;
  private readonly config: ResourceManagerConfig;
  private readonly store: SimStore;
  private readonly logger: Logger;
  private readonly encoded = new EncodedInstructions();
  /** What was on the machine when it started: what a process had sent before a disk was lost may still be under way. */
  private readonly forgotten: Machine['forgotten'];
  private transport: SimTransport | null = null;
  private isMember = false;
  isStopping = false;
  /** Hand-overs under way that somebody has asked for, by group. */
  private readonly handOversAsked = new Map<BucketId, number>();
  private isStopped = false;

  constructor(
    private readonly machine: Machine,
    private readonly orders: RmOrders,
    private readonly observers: RmObservers,
  ) {
    const { world, disk, sql } = machine;
    this.rm = orders.rm;
    this.forgotten = machine.forgotten;
    this.process = new SimProcess(orders.name, world.time, { wallMs: machine.wallOffsetMs, monotonicMs: world.chance().below(1_000_000) });
    this.logger = processLogger(world, this.process);
    disk.owner = this.process;
    this.store = sql.connect(this.process, (bucket, batch) => {
      if (!machine.isForeign) observers.observer.onCheckpoint(orders.name, bucket, batch.applied.index, batch);
    });
    const config = resourceManagerConfig(orders.settings.manager);
    if (!config.ok) throw new Error(JSON.stringify(config.error));
    this.config = config.value;
    this.server = {
      process: this.process,
      codec: new SessionCodec(this.encoded),
      desk: this.desk,
      member: () => (this.isMember ? (this.parts?.local ?? null) : null),
    };
  }

  get host(): Host | null {
    return this.parts?.host ?? null;
  }

  get manager(): ResourceManager | null {
    return this.parts?.manager ?? null;
  }

  /** @throws MembershipRefused, StoreUnavailable and what starting throws */
  async start(): Promise<void> {
    const { machine, orders, process, desk, logger, rm } = this;
    const database = { store: this.store, name: `database ${machine.sql.name}` };
    const configured = {
      first: this.first(),
      settings: { buckets: orders.buckets, replicas: orders.replicas, policy: 'simulated', semanticsVersion: SEMANTICS_VERSION },
      client: machine.sessions.membershipClient(process, rm),
    };
    const records = machine.disk.folder(process.name);
    const arrival: Arrival = machine.rejoin ? 'rejoins' : 'founds';
    await lookAround({ ...configured, self: rm, record: FolderMembership.recordOf(records, arrival) });
    const folder = await FolderMembership.open(records, rm, arrival, database, logger);
    if (orders.standing.kind === 'member') machine.sessions.servers.set(rm, this.server);
    const part = await takePart({
      rm,
      ...configured,
      folder,
      database,
      openEmbedded: () => Promise.reject(new Error('it was told to use a server')),
      openLog: (subfolder) =>
        new SegmentedLogStore({
          directory: subfolder === '' ? 'log' : `${subfolder}/log`,
          fileSystem: machine.disk.files,
          clock: process.clock,
          segmentBytes: LOG_SEGMENT_BYTES,
          onFatal: (error) => this.fatal(error),
        }),
      desk,
      // Here a process is dialled by its name.
      onMap: () => undefined,
      digest: platformDigest,
      clock: process.clock,
      logger,
      onRefused: ({ name, message }) => this.refused(new MembershipRefused(name, message)),
    });
    if (part === null) return;
    const parts = this.assemble(part);
    this.parts = parts;
    const { groups } = await parts.host.start();
    await parts.beginRun(machine.world.chance());
    // Not before: how far the log goes is only known now.
    await parts.meetOthers();
    this.isMember = true;
    desk.manager = parts.manager;
    await parts.manager.start(groups);
    this.hasStarted = true;
  }

  /** In good order, as on SIGTERM; what the operating system has in its cache is not lost. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.desk.becoming?.stop();
    this.isMember = false;
    await this.parts?.manager.stop();
    await this.parts?.keepMarks();
    this.kill('keep', false);
  }

  async transferLeadership(group: BucketId, to: RmId): Promise<boolean> {
    const { handOversAsked, host } = this;
    if (host === null) return false;
    handOversAsked.set(group, (handOversAsked.get(group) ?? 0) + 1);
    const done = await host.transferLeadership(group, to);
    handOversAsked.set(group, (handOversAsked.get(group) ?? 1) - 1);
    return done;
  }

  /** Whether it would hand this group over because somebody wants it to, or because it is about to end. */
  isHandOverAsked(group: BucketId): boolean {
    return this.isStopping || (this.handOversAsked.get(group) ?? 0) > 0;
  }

  /** SIGKILL or a power cut. `commitsBreak`: what SQL has not committed yet never is; else it may still be. */
  kill(tearing: 'lose' | 'keep' | 'prefix' | 'sectors', commitsBreak: boolean): void {
    this.end(tearing, commitsBreak, null);
  }

  /** Exit code 2, as by who it is found out to be. */
  refused({ reason, message }: MembershipRefused): void {
    if (!this.process.isAlive) return;
    this.machine.world.trace.note(`${this.process.name} is refused: ${reason}`);
    if (this.machine.world.options.keepsDetails) this.machine.world.trace.aside(message);
    this.end('keep', false, reason);
  }

  /** Why nobody should hear this process, as only the simulator knows. */
  private standing(): string | null {
    const { forgotten, parts } = this;
    if (this.orders.standing.kind === 'guest') return this.orders.standing.why;
    return forgotten !== null && parts !== null && parts.local.self.ordinal <= forgotten.ordinal ? forgotten.why : null;
  }

  private first(): readonly RmId[] {
    const configured = this.orders.genesis.resourceManagers.map(({ rm }) => rm);
    return configured.includes(this.rm) ? configured : [...configured, this.rm].sort((a, b) => a - b);
  }

  private assemble(part: Part): RmParts {
    const { machine, orders, process, logger, rm } = this;
    const { world, fabric, sessions } = machine;
    const { clock } = process;
    const { local: member, log } = part;
    const owner = {
      process,
      member,
      standing: () => this.standing(),
      onRefused: ({ name, message }: { readonly name: string; readonly message: string }) => this.refused(new MembershipRefused(name, message)),
    };
    const isGuest = orders.standing.kind === 'guest';
    const transport = isGuest ? fabric.guest(owner) : fabric.transport(owner);
    this.transport = transport;
    const directory = new LeaderDirectory(new PlacementIndex(part.map ?? orders.genesis));
    const host: Host = new MultiRaftHost<readonly Outcome[]>(
      {
        self: member.self,
        log,
        transport,
        positions: member,
        processes: () => member.members.size,
        preferredLeaders: preferredLeaders(() => directory.placement().map, spreadEvenly),
        clock,
        random: world.chance(),
        logger,
        onFatal: (failure) => this.fatal(failure.cause ?? failure.what),
      },
      multiRaftConfig(orders.settings.raft),
    );
    if (!isGuest) this.observeGroups(host, log);
    const { observer, diesAt } = this.observers;
    const manager = new ResourceManager({
      rm,
      membership: { identity: part.identity, settings: part.membership.settings, local: member, keepMap: part.keepMap },
      host,
      store: part.store,
      ledgerCodec: new ProtoLedgerCodec(this.encoded),
      rowCodec: new ProtoRowCodec(),
      tokens: testTokens,
      participants: sessions.client(process, { role: 'rm', ...owner }),
      directory,
      clock,
      random: world.chance(),
      logger,
      digest: platformDigest,
      spool: new MemorySnapshotSpool(),
      config: this.config,
      failpoints: {
        hit: (name) => {
          if (!process.isAlive || !diesAt(name)) return undefined;
          this.kill('lose', true);
          return new Promise<void>(() => undefined);
        },
      },
      // Nothing here is wrong on purpose in a log or a row: a bucket that stops is as bad as a process that does.
      onBucketStopped: (stop) => {
        if (process.isAlive) observer.onFatal(process.name, stop.cause, false);
      },
      onFatal: (error) => this.fatal(error),
    });
    return { ...part, host, manager, directory };
  }

  /** The host is production's; only its appliers are listened to, what is proposed, and the founding of groups. */
  private observeGroups(host: Host, log: SegmentedLogStore): void {
    const { observer } = this.observers;
    const propose = host.propose.bind(host);
    host.propose = (group: BucketId, data: Uint8Array) => {
      observer.onProposed(group, data);
      return propose(group, data);
    };
    const addGroup = host.addGroup.bind(host);
    host.addGroup = (group: BucketId, applier: Applier<readonly Outcome[]>, initial: InitialGroup | null) => {
      const founds = initial !== null && !this.machine.isForeign && log.storage(group) === undefined;
      const added = addGroup(group, observed(applier, this.rm, group, observer), initial);
      // Of what dies before its log has the group nobody has heard anything.
      if (founds)
        void added.then(
          () => observer.onFounded(this.process.name, group),
          () => undefined,
        );
      return added;
    };
  }

  private fatal(error: unknown): void {
    if (!this.process.isAlive) return;
    this.observers.observer.onFatal(this.process.name, error, error instanceof LogFailed);
    this.end('keep', false, null);
  }

  private end(tearing: 'lose' | 'keep' | 'prefix' | 'sectors', commitsBreak: boolean, refused: string | null): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.process.kill();
    if (commitsBreak) this.store.crash();
    void this.transport?.close();
    this.machine.disk.crash(tearing);
    this.machine.wallOffsetMs = this.process.wallOffset;
    this.observers.onExit(this, refused);
  }
}
