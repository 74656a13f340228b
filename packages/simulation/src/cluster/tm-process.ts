/** One Transaction Manager process, wired as production wires it, over the world's clock, network and Redis. */
import { GlobalLocks, LockRepublisher } from '@mas/global-lock';
import { LeaderDirectory, PlacementIndex, type PlacementMap } from '@mas/placement';
import { platformDigest } from '@mas/resource-manager';
import {
  CoordinatorCounters,
  coordinatorConfig,
  discoverPlacement,
  ParticipantBucketLocks,
  TransactionCoordinator,
  type CoordinatorConfig,
  type Failpoint,
} from '@mas/transaction-coordinator';
import { NamedByMost } from '@mas/membership';
import { LearntCluster } from '@mas/rpc';
import type { ParticipantClient } from '@mas/two-phase-commit';
import { delay } from '@mas/values';
import { SimProcess } from '../world/sim-process';
import type { SessionFabric } from '../world/sessions';
import type { SimRedis } from '../world/sim-redis';
import type { World } from '../world/world';
import { processLogger } from './process-logger';

const DISCOVERY_TIMEOUT_MS = 1_000;
const DISCOVERY_RETRY_MS = 200;
const DRAIN_MS = 4_000;

export interface TmPlace {
  readonly world: World;
  readonly sessions: SessionFabric;
  readonly redis: SimRedis;
  readonly wallOffsetMs: number;
  /** The records of its data folder. */
  readonly records: Map<string, string>;
}

export class TmProcess {
  readonly process: SimProcess;
  /** Which of those with its name. */
  readonly life: string;
  readonly coordinator: TransactionCoordinator;
  readonly locks: GlobalLocks;
  /** By which it asks Resource Managers. */
  readonly participants: ParticipantClient;
  isServing = false;
  private readonly republisher: LockRepublisher;
  private readonly discover: () => Promise<PlacementMap | null>;
  private readonly directory: LeaderDirectory;

  constructor(
    readonly name: string,
    { world, sessions, redis, wallOffsetMs, records }: TmPlace,
    settings: Partial<CoordinatorConfig>,
    genesis: PlacementMap,
    /** Asked at each failpoint: true ends the process there. */
    diesAt: (point: Failpoint) => boolean,
    private readonly onExit: (self: TmProcess) => void,
  ) {
    const random = world.chance();
    this.life = `${name} of ${world.time.nowMs().toFixed(1)}`;
    this.process = new SimProcess(name, world.time, { wallMs: wallOffsetMs, monotonicMs: random.below(1_000_000) });
    const { clock } = this.process;
    const ports = { clock, random: world.chance(), logger: processLogger(world, this.process) };
    const config = coordinatorConfig({ coordinatorId: name, ...settings });
    if (!config.ok) throw new Error(config.error.map((problem) => problem.message).join('; '));
    const dao = redis.daoFor(this.process);
    const lockStore = redis.locksFor(this.process);
    this.directory = new LeaderDirectory(new PlacementIndex({ ...genesis, version: 0 }));
    const knowledge = new LearntCluster({ record: (key) => records.get(key), keep: (key, value) => void records.set(key, value) });
    this.participants = sessions.client(this.process, {
      role: 'tm',
      knowledge,
      named: new NamedByMost(() => this.directory.placement().map.resourceManagers.length),
      standing: () => null,
      onRefused: () => undefined,
    });
    const { directory, participants } = this;
    const buckets = new ParticipantBucketLocks({ ...ports, participants, directory, counters: new CoordinatorCounters(), config: config.value });
    this.locks = new GlobalLocks({ ...ports, store: lockStore, buckets });
    const failpoints = {
      hit: (point: Failpoint): void => {
        if (this.process.isAlive && diesAt(point)) this.kill();
      },
    };
    const digest = (preimage: string | Uint8Array): string => platformDigest.sha256Hex(preimage);
    this.coordinator = new TransactionCoordinator({ ...ports, dao, participants, locks: this.locks, lockStore, directory, digest, failpoints }, config.value);
    this.republisher = new LockRepublisher({
      store: lockStore,
      identity: () => dao.cacheNamespace(),
      effectiveLocks: () => buckets.effective(),
      clock,
      logger: ports.logger,
    });
    this.discover = () =>
      discoverPlacement(
        { dao, participants, clock, logger: ports.logger },
        genesis.resourceManagers.map((member) => member.rm),
        DISCOVERY_TIMEOUT_MS,
      );
  }

  async start(): Promise<void> {
    for (;;) {
      const map = await this.discover();
      if (map !== null) {
        this.directory.adopt(new PlacementIndex(map));
        break;
      }
      await delay(this.process.clock, DISCOVERY_RETRY_MS);
    }
    this.coordinator.start();
    this.republisher.start();
    this.isServing = true;
  }

  async stop(): Promise<void> {
    this.isServing = false;
    this.republisher.stop();
    await this.coordinator.stop(DRAIN_MS);
    this.kill();
  }

  kill(): void {
    if (!this.process.isAlive) return;
    this.isServing = false;
    this.process.kill();
    this.onExit(this);
  }
}
