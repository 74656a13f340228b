/** `mas tc`: one Transaction Manager process: Transaction Coordinator, GlobalLock Service and node service. */
import { GlobalLocks, LockRepublisher } from '@mas/global-lock';
import type { ClusterId } from '@mas/membership';
import { TRANSACTION_MANAGER_METRICS } from '@mas/metrics';
import { genesisPlacement, LeaderDirectory, PlacementIndex, type PlacementMap } from '@mas/placement';
import { platformDigest } from '@mas/resource-manager';
import {
  CoordinatorCaller,
  edgeLimits,
  GrpcParticipantClient,
  JwtTokenVerifier,
  LearntCluster,
  startTmServer,
  TokenSigner,
  type EdgeLimits,
  type TlsIdentity,
  type TokenKeys,
} from '@mas/rpc';
import {
  CoordinatorCounters,
  coordinatorConfig,
  discoverPlacement,
  FAILPOINTS,
  noFailpoints,
  ParticipantBucketLocks,
  TransactionCoordinator,
  type CoordinatorConfig,
} from '@mas/transaction-coordinator';
import { PaymentTraces, tracedCoordinator, tracedIndex } from '@mas/tracing';
import { delay, type TxnId } from '@mas/values';
import { clusterProblems } from '../config/common-settings';
import { withPassword } from '../config/password-file';
import { inWordsOf, readSettings, type Values } from '../config/setting';
import { ProcessMetrics } from '../metrics/process-metrics';
import { CrashCounter, readCrashFailpoint, type CrashFailpoint } from '../platform/crash-failpoints';
import { DataFolder } from '../platform/data-folder';
import { Lifecycle, SERVER_GRACE_MS } from '../platform/lifecycle';
import { watchLogLevel } from '../platform/live-log-level';
import { createLogger, type ProcessLogger } from '../platform/pino-logger';
import { systemClock } from '../platform/system-clock';
import { SystemRandom } from '../platform/system-random';
import { UsageError } from '../usage-error';
import { openCoordinatorStore } from './lock-table';
import { Credentials } from './credentials';
import { readTlsIdentity, readTokenKeys, warnOfOpenKeys } from './process-files';
import { openTracing } from './process-tracing';
import { readRedisUrl, type RedisTarget } from './redis-url';
import { transactionManagerSettings } from './transaction-manager-settings';

const DRAIN_MS = 4_000;
const DISCOVERY_TIMEOUT_MS = 1_000;
const DISCOVERY_RETRY_MS = 200;
const MEETING_TIMEOUT_MS = 3_000;

type TmSettings = Values<typeof transactionManagerSettings>;
interface Checked {
  readonly redis: RedisTarget | null;
  readonly config: CoordinatorConfig;
  readonly limits: EdgeLimits;
  readonly tls: TlsIdentity;
  readonly tokens: TokenKeys;
  readonly failpoint: CrashFailpoint | null;
}

/** Runs until a signal. @throws UsageError for wrong settings, before anything is opened. */
export async function runTransactionManager(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const read = readSettings(transactionManagerSettings, flags, process.env);
  const settings = {
    ...read,
    redis: withPassword(
      { setting: transactionManagerSettings.redis, url: read.redis, fileSetting: transactionManagerSettings.redisPasswordFile, file: read.redisPasswordFile },
      flags['redis'],
    ),
  };
  const checked = check(settings);
  const logger = createLogger({ level: settings.logLevel, format: settings.logFormat, base: { tm: settings.id } });
  const lifecycle = new Lifecycle(logger);
  lifecycle.install();
  warnOfOpenKeys(settings, 'tm', logger);
  await lifecycle.starting(assemble(settings, checked, logger, lifecycle));
}

function check(settings: TmSettings): Checked {
  const {
    id,
    accountLock,
    lockAttempts,
    lockAttemptDelayMs,
    lockTimeoutMs,
    redisSilenceMs,
    ratePerSecond,
    maxConnections,
    maxConnectionsPerAddress,
    messageMemoryMib,
  } = settings;
  const config = coordinatorConfig({ coordinatorId: id, accountLock, lockAttempts, lockAttemptDelayMs, lockTimeoutMs, redisSilenceMs });
  const problems = [...clusterProblems(settings)];
  if (!config.ok)
    problems.push(
      ...config.error.map((problem) => inWordsOf(transactionManagerSettings, problem.setting === 'coordinatorId' ? 'id' : problem.setting, problem.message)),
    );
  const memoryBytes = messageMemoryMib * 1024 * 1024;
  const limits = edgeLimits({
    ratePerSecond,
    rateBurst: Math.max(2 * ratePerSecond, 2000),
    maxConnections,
    maxConnectionsPerAddress,
    memoryBytes,
    memoryPerConnectionBytes: memoryBytes / 4,
  });
  if (!limits.ok) problems.push(...limits.error);
  if (!config.ok || !limits.ok || problems.length > 0) throw new UsageError(problems.join('\n'));
  return {
    redis: readRedisUrl(settings.redis),
    config: config.value,
    limits: limits.value,
    tls: readTlsIdentity(settings.certs, 'tm'),
    tokens: readTokenKeys(settings),
    failpoint: readCrashFailpoint(process.env['MAS_FAILPOINT'], FAILPOINTS),
  };
}

async function assemble(settings: TmSettings, checked: Checked, logger: ProcessLogger, lifecycle: Lifecycle): Promise<void> {
  const { redis, config, limits, failpoint } = checked;
  const ports = { clock: systemClock, random: new SystemRandom(), logger };
  const { clock } = ports;
  const folder = DataFolder.open(settings.data, settings.id);
  lifecycle.onStop('data folder', () => Promise.resolve(folder.close()));
  const reloads = { done: 0, refused: 0 };
  const credentials = new Credentials({ settings, name: 'tm', tls: checked.tls, tokens: checked.tokens, reloads, clock: systemClock, logger });
  const { tls, tokens } = credentials;
  credentials.start();
  lifecycle.onStop('credentials', () => Promise.resolve(credentials.stop()));
  const level = watchLogLevel({ folder: folder.path, configured: settings.logLevel, logger, reloads, clock: systemClock });
  level.start();
  lifecycle.onStop('log level', () => Promise.resolve(level.stop()));
  const metrics = await ProcessMetrics.open({
    role: 'tc',
    id: settings.id,
    dataFolder: folder.path,
    listen: settings.listen,
    metricsListen: settings.metricsListen,
    credentials: () => credentials.numbers(),
    logger,
  });
  lifecycle.onStop('metrics', () => metrics.close());
  const store = await openCoordinatorStore(
    { redis, dataFolder: settings.data, silenceMs: settings.redisSilenceMs, retention: { ageMs: settings.keepEndedMs, entries: settings.keepEnded } },
    ports,
  );
  const tracing = await openTracing('mas-tc', settings.id, lifecycle);
  const traces = tracing === null ? null : new PaymentTraces(tracing.tracer, clock);
  if (traces !== null) logger.showTraces((txn) => traces.traceIdOf(txn as TxnId));
  const { lockStore } = store;
  const dao = traces === null ? store.dao : tracedIndex(store.dao, traces);
  const addresses = new Map(settings.cluster.map((member) => [member.rm, member.address]));
  const directory = new LeaderDirectory(new PlacementIndex({ ...genesisPlacement(settings.cluster, settings.buckets, settings.replicas), version: 0 }));
  const knowledge = new LearntCluster(folder);
  const caller = new CoordinatorCaller({
    name: settings.id,
    dialled: () => directory.placement().map.resourceManagers.length,
    knowledge,
    clock,
    logger,
    onRefused: ({ name, message }) => lifecycle.refused(name, message),
  });
  const participants = new GrpcParticipantClient({
    caller,
    addressOf: (rm) => addresses.get(rm) ?? directory.placement().addressOf(rm),
    tls,
    clock,
    logger,
    ...(traces === null ? {} : { traceparentOf: (instruction) => traces.traceparentOf(instruction) }),
  });
  const buckets = new ParticipantBucketLocks({ ...ports, participants, directory, counters: new CoordinatorCounters(), config });
  const locks = new GlobalLocks({ ...ports, store: lockStore, buckets });
  if (failpoint !== null) logger.warn({ failpoint: failpoint.point, pass: failpoint.pass }, 'this process will kill itself at a failpoint');
  const crash = failpoint === null ? null : new CrashCounter(failpoint);
  const coordinator = new TransactionCoordinator(
    {
      ...ports,
      dao,
      participants,
      locks,
      lockStore,
      directory,
      digest: (preimage) => platformDigest.sha256Hex(preimage),
      failpoints: crash === null ? noFailpoints : { hit: (point) => crash.passed(point) },
      certificatesEndMs: () => credentials.endsMs(),
    },
    config,
  );
  const rms = settings.cluster.map((member) => member.rm);
  metrics.page.add(TRANSACTION_MANAGER_METRICS, () => ({
    ...coordinator.numbers(),
    connections: rms.map((rm) => ({ rm, isOpen: participants.isConnected(rm) })),
  }));
  const signer = new TokenSigner(tokens, clock);
  const server = await startTmServer({
    address: `${settings.listen.host}:${settings.listen.port}`,
    tls,
    coordinator: traces === null ? coordinator : tracedCoordinator(coordinator, traces),
    locks,
    tokens: new JwtTokenVerifier(tokens, clock),
    signer: signer.canSign() ? signer : null,
    limits,
    clock,
    logger,
  });
  const republisher = new LockRepublisher({ store: lockStore, identity: () => dao.cacheNamespace(), effectiveLocks: () => buckets.effective(), clock, logger });
  lifecycle.onStop('store', () => store.close());
  lifecycle.onStop('connections to resource managers', () => Promise.resolve(participants.close()));
  lifecycle.onStop('listener', () => server.stop(SERVER_GRACE_MS));
  lifecycle.onStop('coordinator', () => coordinator.stop(DRAIN_MS));
  lifecycle.onStop('lock republisher', () => Promise.resolve(republisher.stop()));
  // First of all: balancers look elsewhere, while what is in flight still ends here.
  lifecycle.onStop('health', () => {
    server.setServing(false);
    metrics.isServing = false;
    return Promise.resolve();
  });
  const map = await placementOf(() => discoverPlacement({ dao, participants, clock, logger }, rms, DISCOVERY_TIMEOUT_MS), logger);
  const known = await knownCluster(knowledge, () => Promise.all(rms.map((rm) => participants.send(rm, { kind: 'placement' }, MEETING_TIMEOUT_MS))));
  requireSameCluster(known, map);
  directory.adopt(new PlacementIndex(map));
  coordinator.start();
  republisher.start();
  server.setServing(true);
  metrics.isServing = true;
  const shown = metrics.address === null ? {} : { metrics: metrics.address };
  logger.info(
    { listen: `${settings.listen.host}:${server.port}`, ...shown, store: redis === null ? 'embedded' : 'redis', placementVersion: map.version },
    'ready',
  );
}

/** A map in Redis may be older than this process and its Resource Managers, but not another cluster's. @throws UsageError */
function requireSameCluster(known: ClusterId, { cluster }: PlacementMap): void {
  if (cluster === null || cluster.clusterId === known) return;
  throw new UsageError(
    `Redis holds the data of cluster ${cluster.clusterId}, and this is a Transaction Manager of cluster ${known}: give each cluster a Redis of its own, or another number behind its URL, with --redis (MAS_REDIS)`,
  );
}

/**
 * Meets the Resource Managers: where most of those that are there are another cluster's, this process ends. A new one waits until most
 * of all have named the same cluster; a map that Redis has may be another cluster's, too.
 */
async function knownCluster(knowledge: LearntCluster, meet: () => Promise<unknown>): Promise<ClusterId> {
  for (;;) {
    await meet();
    const known = knowledge.clusterId();
    if (known !== null) return known;
    await delay(systemClock, DISCOVERY_RETRY_MS);
  }
}

/** Without a map nothing can be routed: waits until Redis or a Resource Manager has one. */
async function placementOf(discover: () => Promise<PlacementMap | null>, logger: ProcessLogger): Promise<PlacementMap> {
  for (let attempt = 1; ; attempt += 1) {
    const map = await discover();
    if (map !== null) return map;
    if (attempt === 1) logger.info({}, 'waiting for the placement map: neither Redis nor a resource manager has one yet');
    await delay(systemClock, DISCOVERY_RETRY_MS);
  }
}
