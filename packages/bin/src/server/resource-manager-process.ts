/** `mas rm`: one Resource Manager process, wired from its settings. */
import { join } from 'node:path';
import { SEMANTICS_VERSION, type Outcome, type Policy } from '@mas/ledger';
import type { LocalMember } from '@mas/membership';
import { RESOURCE_MANAGER_METRICS } from '@mas/metrics';
import { MultiRaftHost, multiRaftConfig, spreadEvenly, validateMultiRaftConfig, type PeerStatus } from '@mas/multi-raft';
import { genesisPlacement, LeaderDirectory, PlacementIndex, preferredLeaders } from '@mas/placement';
import { NodeFileSystem, SegmentedLogStore } from '@mas/raft-log';
import {
  FileSnapshotSpool,
  FolderMembership,
  lookAround,
  MemberDesk,
  platformDigest,
  ResourceManager,
  resourceManagerConfig,
  takePart,
  type Arrival,
  type Failpoints,
  type LookingAround,
  type NamedDatabase,
} from '@mas/resource-manager';
import {
  EncodedInstructions,
  GrpcMembershipClient,
  GrpcParticipantClient,
  GrpcPeerTransport,
  JwtTokenVerifier,
  MemberDoor,
  NODE_DOOR,
  ProtoLedgerCodec,
  ProtoRowCodec,
  startRmServer,
} from '@mas/rpc';
import { tracedParticipant } from '@mas/tracing';
import { openAppliedStore, type SqlAppliedStore } from '@mas/sql-store';
import { rmId, type Clock, type RmId } from '@mas/values';
import { clusterProblems } from '../config/common-settings';
import { withPassword } from '../config/password-file';
import { inWordsOf, readSettings, type Values } from '../config/setting';
import { ProcessMetrics } from '../metrics/process-metrics';
import { CrashCounter, readCrashFailpoint } from '../platform/crash-failpoints';
import { DataFolder } from '../platform/data-folder';
import { Lifecycle, SERVER_GRACE_MS } from '../platform/lifecycle';
import { watchLogLevel } from '../platform/live-log-level';
import { NodeMemberFolder } from '../platform/node-member-folder';
import { createLogger, type ProcessLogger } from '../platform/pino-logger';
import { systemClock } from '../platform/system-clock';
import { SystemRandom } from '../platform/system-random';
import { restoredFrom } from '../restore/restored-folder';
import { UsageError } from '../usage-error';
import { Addresses } from './addresses';
import { Credentials } from './credentials';
import { readTlsIdentity, readTokenKeys, warnOfOpenKeys } from './process-files';
import { openTracing } from './process-tracing';
import { resourceManagerSettings } from './resource-manager-settings';
import { storeWhenThere } from './store-when-there';

const FAILPOINTS = ['before-propose', 'after-apply-before-reply', 'before-checkpoint', 'after-checkpoint', 'before-deliver', 'before-acknowledge'];
const MEMBERSHIP_TIMEOUT_MS = 1_000;

type RmSettings = Values<typeof resourceManagerSettings>;

/** Runs until a signal. @throws UsageError for wrong settings, before anything is opened. */
export async function runResourceManager(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const read = readSettings(resourceManagerSettings, flags, process.env);
  const settings = {
    ...read,
    sql: withPassword(
      { setting: resourceManagerSettings.sql, url: read.sql, fileSetting: resourceManagerSettings.sqlPasswordFile, file: read.sqlPasswordFile },
      flags['sql'],
    ),
  };
  const self = rmId(settings.id);
  const checked = check(settings, self);
  const logger = createLogger({ level: settings.logLevel, format: settings.logFormat, base: { rm: settings.id } });
  const lifecycle = new Lifecycle(logger);
  lifecycle.install();
  warnOfOpenKeys(settings, `rm-${settings.id}`, logger);
  await lifecycle.starting(assemble(settings, self, checked, logger, lifecycle));
}

/** Everything that can be wrong is found here. */
function check(settings: RmSettings, self: RmId) {
  const isGiven = settings.cluster.length > 0;
  const problems = isGiven ? [...clusterProblems(settings)] : [];
  if (!isGiven && settings.join.length === 0)
    problems.push(
      '--cluster (or MAS_CLUSTER) is missing: the resource managers that found the cluster; to join one that runs give --join (or MAS_JOIN) instead',
    );
  if (isGiven && settings.join.length > 0)
    problems.push('--cluster (or MAS_CLUSTER) and --join (or MAS_JOIN) exclude each other: found a cluster, or join one that runs');
  if (isGiven && !settings.cluster.some((member) => member.rm === self))
    problems.unshift(`--id (or MAS_RM_ID) is ${settings.id}, but --cluster does not list it: ${settings.cluster.map((member) => member.rm).join(', ')}`);
  if (settings.minimumBalance > settings.maximumAmount)
    problems.push('--minimum-balance (or MAS_MINIMUM_BALANCE) is above --maximum-amount: no account could ever be paid out');
  const raft = multiRaftConfig({ tickMs: settings.tickMs });
  for (const { field, problem } of validateMultiRaftConfig(raft)) problems.push(inWordsOf(resourceManagerSettings, field, `${field} ${problem}`));
  const config = resourceManagerConfig({
    replaceAfterMs: settings.replaceAfterMs === 0 ? Number.MAX_SAFE_INTEGER : settings.replaceAfterMs,
    policy: {
      version: settings.policyVersion,
      numberPattern: settings.numberPattern,
      minimumBalanceMinor: settings.minimumBalance,
      maximumAmountMinor: settings.maximumAmount,
    },
  });
  if (!config.ok) problems.push(...config.error.map(({ field, message }) => inWordsOf(resourceManagerSettings, field, `${field} ${message}`)));
  if (!config.ok || problems.length > 0) throw new UsageError(problems.join('\n'));
  return {
    config: config.value,
    raft,
    tls: readTlsIdentity(settings.certs, `rm-${settings.id}`),
    tokens: readTokenKeys(settings),
    failpoint: readCrashFailpoint(process.env['MAS_FAILPOINT'], FAILPOINTS),
  };
}

async function assemble(settings: RmSettings, self: RmId, checked: ReturnType<typeof check>, logger: ProcessLogger, lifecycle: Lifecycle): Promise<void> {
  const { config, raft, failpoint } = checked;
  const folder = DataFolder.open(settings.data, `rm-${settings.id}`);
  lifecycle.onStop('data folder', () => Promise.resolve(folder.close()));
  const reloads = { done: 0, refused: 0 };
  const credentials = new Credentials({ settings, name: `rm-${settings.id}`, tls: checked.tls, tokens: checked.tokens, reloads, clock: systemClock, logger });
  const { tls, tokens } = credentials;
  credentials.start();
  lifecycle.onStop('credentials', () => Promise.resolve(credentials.stop()));
  const level = watchLogLevel({ folder: folder.path, configured: settings.logLevel, logger, reloads, clock: systemClock });
  level.start();
  lifecycle.onStop('log level', () => Promise.resolve(level.stop()));
  const metrics = await ProcessMetrics.open({
    role: 'rm',
    id: settings.id.toString(),
    dataFolder: folder.path,
    listen: settings.listen,
    metricsListen: settings.metricsListen,
    credentials: () => credentials.numbers(),
    logger,
  });
  lifecycle.onStop('metrics', () => metrics.close());
  const tracing = await openTracing('mas-rm', `rm-${settings.id}`, lifecycle);
  const clock = systemClock;
  const random = new SystemRandom();
  const addresses = new Addresses(settings.cluster);
  const client = new GrpcMembershipClient({ self, peers: addresses.byRm, seeds: settings.join, tls, clock, logger, timeoutMs: MEMBERSHIP_TIMEOUT_MS });
  const restored = unlessRefused(folder, () => restoredFrom(folder, settings, arrivalOf(settings)));
  const configured = {
    first: settings.cluster.map(({ rm }) => rm).sort((a, b) => a - b),
    settings: {
      buckets: settings.buckets,
      replicas: settings.replicas,
      policy: policyText(config.policy),
      semanticsVersion: SEMANTICS_VERSION,
      ...(restored === undefined ? {} : { restoredFrom: restored }),
    },
    client,
  };
  const { database, ofFolder } = await found(settings, self, new NodeMemberFolder(folder), configured, clock, logger).catch((error: unknown) => {
    folder.giveBack();
    throw error;
  });
  const encoded = new EncodedInstructions();
  const desk = new MemberDesk();
  // Until it is a member nobody is let in, and nobody is called.
  const became: { member: LocalMember | null } = { member: null };
  const door = new MemberDoor({ member: () => became.member, clock, logger, onRefused: (refusal) => lifecycle.refused(refusal.name, refusal.message) });
  const transport = new GrpcPeerTransport({ self, door, peers: addresses.byRm, tls, clock, logger });
  const limits = { ...NODE_DOOR, maxConnections: settings.maxConnections, maxConnectionsPerAddress: settings.maxConnectionsPerAddress };
  const server = await startRmServer({
    address: `${settings.listen.host}:${settings.listen.port}`,
    tls,
    participant: tracing === null ? desk : tracedParticipant(desk, tracing.tracer),
    door,
    raft: transport,
    membership: desk,
    encoded,
    limits,
    clock,
    logger,
  });
  lifecycle.onStop('listener', () => server.stop(SERVER_GRACE_MS));
  lifecycle.onStop('membership', () => Promise.resolve(desk.becoming?.stop()));
  const part = await takePart({
    rm: self,
    ...configured,
    folder: ofFolder,
    database,
    openEmbedded: async (subfolder) => embeddedIn(join(folder.path, subfolder), settings.db, logger),
    openLog: (subfolder) =>
      new SegmentedLogStore({
        directory: join(folder.path, subfolder, 'log'),
        fileSystem: new NodeFileSystem(),
        clock,
        onFatal: (error) => lifecycle.fatal('the log cannot be written', error),
      }),
    desk,
    onMap: (map) => addresses.heard(map),
    digest: platformDigest,
    clock,
    logger,
    onRefused: ({ name, message }) => lifecycle.refused(name, message),
  });
  if (part === null) return client.close();
  const { membership, identity, store, log, local: member } = part;
  lifecycle.onStop('marks', part.keepMarks);
  const directory = new LeaderDirectory(
    new PlacementIndex(part.map ?? genesisPlacement(settings.cluster, membership.settings.buckets, membership.settings.replicas)),
  );
  const host = new MultiRaftHost<readonly Outcome[]>(
    {
      self: member.self,
      log,
      transport,
      positions: member,
      processes: () => member.members.size,
      preferredLeaders: preferredLeaders(() => directory.placement().map, spreadEvenly),
      clock,
      random,
      logger,
      onFatal: (failure) => lifecycle.fatal(failure.what, failure.cause),
    },
    raft,
  );
  // What this process was told of the cluster comes first: it may reach a peer by another name than the map's author.
  const participants = new GrpcParticipantClient({
    caller: door,
    addressOf: (rm) => addresses.byRm.get(rm),
    tls,
    clock,
    logger,
  });
  if (failpoint !== null) logger.warn({ failpoint: failpoint.point, pass: failpoint.pass }, 'this process will kill itself at a failpoint');
  const manager = new ResourceManager({
    rm: self,
    membership: { identity, settings: membership.settings, local: member, keepMap: part.keepMap },
    onPlacement: (map) => addresses.heard(map),
    host,
    store,
    ledgerCodec: new ProtoLedgerCodec(encoded),
    rowCodec: new ProtoRowCodec(),
    // A machine whose clock is wrong takes no token for expired, and none for good that is not.
    tokens: new JwtTokenVerifier(tokens, { ...clock, wallMs: () => host.agreedMs() ?? clock.wallMs() }),
    participants,
    directory,
    clock,
    random,
    logger,
    digest: platformDigest,
    spool: new FileSnapshotSpool(join(folder.path, part.subfolder, 'snapshots')),
    config,
    certificatesEndMs: () => credentials.endsMs(),
    ...(failpoint === null ? {} : { failpoints: crashAt(new CrashCounter(failpoint)) }),
    onFatal: (error) => lifecycle.fatal('a broken invariant', error),
  });
  const recovery = await host.start();
  if (recovery.torn !== null) logger.warn({ ...recovery.torn }, 'the last write before the crash was torn; it was never acknowledged and has been cut off');
  metrics.page.add(RESOURCE_MANAGER_METRICS, () => ({
    ...manager.numbers(),
    peers: peersOf(settings, self, host.peers()),
    log: log.stats(),
  }));
  // Not before: how far the log goes is only known now.
  await part.beginRun(random);
  // Before it takes a stream over from whoever runs on the same data, and before a bucket is opened, which fences off who writes to the same database.
  await part.meetOthers().finally(() => client.close());
  became.member = member;
  transport.becomeMember();
  desk.manager = manager;
  lifecycle.onStop('connections to peers', () => Promise.resolve(participants.close()));
  lifecycle.onStop('resource manager', () => manager.stop());
  await manager.start(recovery.groups);
  server.setServing(true);
  metrics.isServing = true;
  lifecycle.onStop('health', () => Promise.resolve(void (metrics.isServing = false)));
  logger.info(
    {
      listen: `${settings.listen.host}:${server.port}`,
      ...(metrics.address === null ? {} : { metrics: metrics.address }),
      groups: host.groups(),
      store: database === null ? 'embedded' : 'mysql',
      clusterId: membership.clusterId,
      incarnation: member.self.incarnation,
    },
    'ready',
  );
}

/** The others are asked before a database is opened, and the database is asked whose it is before anything is written. @throws MembershipRefused, StoreUnavailable */
async function found(
  settings: RmSettings,
  self: RmId,
  folder: NodeMemberFolder,
  configured: Pick<LookingAround, 'first' | 'settings' | 'client'>,
  clock: Clock,
  logger: ProcessLogger,
): Promise<{ readonly database: NamedDatabase<SqlAppliedStore> | null; readonly ofFolder: FolderMembership }> {
  const record = FolderMembership.recordOf(folder, arrivalOf(settings));
  await lookAround({ ...configured, self, record });
  const database = settings.sql === 'embedded' ? null : await sqlServer(settings, !record.hasDatabase, clock, logger);
  return { database, ofFolder: await FolderMembership.open(folder, self, arrivalOf(settings), database, logger) };
}

/** Nothing of the folder was touched. */
function unlessRefused<Value>(folder: DataFolder, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    folder.giveBack();
    throw error;
  }
}

function arrivalOf({ rejoin, join }: Pick<RmSettings, 'rejoin' | 'join'>): Arrival {
  if (rejoin) return 'rejoins';
  return join.length > 0 ? 'joins' : 'founds';
}

/** @param createsDatabase false: the folder has had one, so that one which is missing is lost, or a wrong name */
async function sqlServer(settings: RmSettings, createsDatabase: boolean, clock: Clock, logger: ProcessLogger): Promise<NamedDatabase<SqlAppliedStore>> {
  const open = (): ReturnType<typeof openAppliedStore> => openAppliedStore(settings.sql, { database: settings.db, createsDatabase }, logger);
  return { store: await storeWhenThere(open, settings.sqlWaitMs, clock, logger), name: `database ${settings.db}` };
}

async function embeddedIn(root: string, db: string, logger: ProcessLogger): Promise<NamedDatabase<SqlAppliedStore>> {
  return { store: await openAppliedStore(`embedded:${join(root, `${db}.db`)}`, {}, logger), name: root };
}

/** Those that have never been there are gone. */
function peersOf({ cluster }: RmSettings, self: RmId, known: readonly PeerStatus[]): readonly PeerStatus[] {
  const never = cluster.filter(({ rm }) => rm !== self && !known.some((peer) => peer.rm === rm));
  return [...known, ...never.map(({ rm }): PeerStatus => ({ rm, verdict: { kind: 'gone' } }))];
}

/** The first RMs compare it when they found the cluster; afterwards the policy of the highest version counts. */
function policyText({ version, numberPattern, minimumBalanceMinor, maximumAmountMinor }: Policy): string {
  return `version ${version}, numbers ${numberPattern}, minimum ${minimumBalanceMinor}, maximum ${maximumAmountMinor}`;
}

function crashAt(counter: CrashCounter): Failpoints {
  return {
    hit: (name) => {
      counter.passed(name);
      return undefined;
    },
  };
}
