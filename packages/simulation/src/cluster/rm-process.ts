/** One Resource Manager process, wired as production wires it, over the world's clock, network, disk and SQL. */
import type { Outcome } from '@mas/ledger';
import { MultiRaftHost, multiRaftConfig, type Applier, type InitialGroup, type MultiRaftConfig } from '@mas/multi-raft';
import { LeaderDirectory, PlacementIndex, type PlacementMap } from '@mas/placement';
import { LogFailed, SegmentedLogStore } from '@mas/raft-log';
import { founderMembership, MemorySnapshotSpool, platformDigest, ResourceManager, resourceManagerConfig, type FailpointName, type ResourceManagerConfigInput } from '@mas/resource-manager';
import { EncodedInstructions, ProtoLedgerCodec, ProtoRowCodec, SessionCodec } from '@mas/rpc';
import type { BucketId, RmId } from '@mas/values';
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

const LOG_SEGMENT_BYTES = 128 * 1024;

export class RmProcess {
  readonly process: SimProcess;
  readonly host: MultiRaftHost<readonly Outcome[]>;
  readonly manager: ResourceManager;
  readonly log: SegmentedLogStore;
  private readonly transport: SimTransport;
  private readonly store: SimStore;
  private readonly server: SessionServer;
  /** Its manager takes orders. */
  hasStarted = false;
  private isStopped = false;

  constructor(
    readonly rm: RmId,
    private readonly machine: Machine,
    settings: RmSettings,
    genesis: PlacementMap,
    observer: ClusterObserver,
    /** Asked at each failpoint: true ends the process there. */
    diesAt: (name: FailpointName) => boolean,
    private readonly onExit: (self: RmProcess) => void,
  ) {
    const { world, disk, sql, fabric, sessions } = machine;
    const random = world.chance();
    this.process = new SimProcess(`rm-${rm}`, world.time, { wallMs: machine.wallOffsetMs, monotonicMs: random.below(1_000_000) });
    const { clock } = this.process;
    disk.owner = this.process;
    const logger = processLogger(world, this.process);
    const fatal = (error: unknown): void => {
      if (!this.process.isAlive) return;
      observer.onFatal(this.process.name, error, error instanceof LogFailed);
      this.exit();
    };
    const member = machine.members.local(rm, () => this.log.position());
    this.transport = fabric.transport(member, this.process);
    this.log = new SegmentedLogStore({ directory: 'log', fileSystem: disk.files, clock, segmentBytes: LOG_SEGMENT_BYTES, onFatal: fatal });
    const host = new MultiRaftHost<readonly Outcome[]>({ self: member.self, log: this.log, transport: this.transport, positions: member, clock, random: world.chance(), logger, onFatal: (failure) => fatal(failure.cause ?? failure.what) }, multiRaftConfig(settings.raft));
    this.host = host;
    observeGroups(host, rm, observer);
    const encoded = new EncodedInstructions();
    const config = resourceManagerConfig(settings.manager);
    if (!config.ok) throw new Error(JSON.stringify(config.error));
    this.store = sql.connect(this.process);
    this.manager = new ResourceManager({
      rm,
      membership: founderMembership(member, machine.identities),
      host,
      store: this.store,
      ledgerCodec: new ProtoLedgerCodec(encoded),
      rowCodec: new ProtoRowCodec(),
      tokens: testTokens,
      participants: sessions.client(this.process, { role: 'rm', member }),
      directory: new LeaderDirectory(new PlacementIndex(genesis)),
      clock,
      random: world.chance(),
      logger,
      digest: platformDigest,
      spool: new MemorySnapshotSpool(),
      config: config.value,
      failpoints: {
        hit: (name) => {
          if (!this.process.isAlive || !diesAt(name)) return undefined;
          this.kill('lose', true);
          return new Promise<void>(() => undefined);
        },
      },
      // Nothing here is wrong on purpose in a log or a row: a bucket that stops is as bad as a process that does.
      onBucketStopped: (stop) => {
        if (this.process.isAlive) observer.onFatal(this.process.name, stop.cause, false);
      },
      onFatal: fatal,
    });
    this.server = { process: this.process, codec: new SessionCodec(encoded), participant: this.manager, member, isServing: false };
    sessions.servers.set(rm, this.server);
  }

  async start(): Promise<void> {
    await this.host.start();
    this.server.isServing = true;
    await this.manager.start();
    this.hasStarted = true;
  }

  /** In good order, as on SIGTERM; what the operating system has in its cache is not lost. */
  async stop(): Promise<void> {
    this.server.isServing = false;
    await this.manager.stop();
    this.exit();
  }

  /** SIGKILL or a power cut. `commitsBreak`: what SQL has not committed yet never is; else it may still be. */
  kill(tearing: 'lose' | 'keep' | 'prefix' | 'sectors', commitsBreak: boolean): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.process.kill();
    if (commitsBreak) this.store.crash();
    void this.transport.close();
    this.machine.disk.crash(tearing);
    this.machine.wallOffsetMs = this.process.wallOffset;
    this.onExit(this);
  }

  private exit(): void {
    this.kill('keep', false);
  }
}

/** The host is production's; only its appliers are listened to. */
function observeGroups(host: MultiRaftHost<readonly Outcome[]>, rm: RmId, observer: ClusterObserver): void {
  const addGroup = host.addGroup.bind(host);
  host.addGroup = (group: BucketId, applier: Applier<readonly Outcome[]>, initial: InitialGroup | null) => addGroup(group, observed(applier, rm, group, observer), initial);
}
