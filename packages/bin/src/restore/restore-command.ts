/**
 * `mas restore`: a backup into the empty storage of one Resource Manager, before its first start (docs/backup.md). Run for each of the first ones, with the same backup and
 * the same --cluster, --buckets and --replicas; they found a new cluster with it.
 */
import { join, resolve } from 'node:path';
import { restoredBuckets, restoreRows, verifyBackup, type RestoredBucket, type VerifiedBackup } from '@mas/backup';
import { SEMANTICS_VERSION } from '@mas/ledger';
import { genesisPlacement } from '@mas/placement';
import { logIndex, nodeId, term } from '@mas/raft';
import { NodeFileSystem, SegmentedLogStore } from '@mas/raft-log';
import { platformDigest } from '@mas/resource-manager';
import { ProtoRowCodec } from '@mas/rpc';
import { openAppliedStore, type SqlAppliedStore } from '@mas/sql-store';
import { formatAmount, rmId, type RmId } from '@mas/values';
import { clusterProblems } from '../config/common-settings';
import { withPassword } from '../config/password-file';
import { readSettings, type Values } from '../config/setting';
import { CrashCounter, readCrashFailpoint } from '../platform/crash-failpoints';
import { DataFolder } from '../platform/data-folder';
import { NodeMemberFolder } from '../platform/node-member-folder';
import { createLogger, type ProcessLogger } from '../platform/pino-logger';
import { systemClock } from '../platform/system-clock';
import { storeWhenThere } from '../server/store-when-there';
import { UsageError } from '../usage-error';
import { keepRestored, restoredFolder } from './restored-folder';
import { restoreSettings } from './restore-settings';

type Settings = Values<typeof restoreSettings>;

const PROGRESS_MS = 2_000;
const FAILPOINTS = ['restore-begun', 'restore-read-back', 'restore-logged'];

/** @throws UsageError, BackupDamaged, StoreUnavailable */
export async function runRestore(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const read = readSettings(restoreSettings, flags, process.env);
  const sql = withPassword(
    { setting: restoreSettings.sql, url: read.sql, fileSetting: restoreSettings.sqlPasswordFile, file: read.sqlPasswordFile },
    flags['sql'],
  );
  const settings = { ...read, sql };
  const self = rmId(settings.id);
  const problems = [...clusterProblems(settings)];
  if (!settings.cluster.some(({ rm }) => rm === self))
    problems.push(`--id (or MAS_RM_ID) is ${self}, but --cluster does not list it: ${settings.cluster.map(({ rm }) => rm).join(', ')}`);
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  const logger = createLogger({ level: settings.logLevel, format: settings.logFormat, base: { rm: settings.id } });
  const folder = DataFolder.open(settings.data, `rm-${settings.id}`);
  try {
    requireEmptyFolder(folder);
    const store = await emptyStore(settings, folder, logger);
    try {
      await restore(settings, self, folder, store, logger);
    } finally {
      await store.close();
    }
  } finally {
    folder.giveBack();
  }
}

async function restore(settings: Settings, self: RmId, folder: DataFolder, store: SqlAppliedStore, logger: ProcessLogger): Promise<void> {
  const point = readCrashFailpoint(process.env['MAS_FAILPOINT'], FAILPOINTS);
  const crash = point === null ? null : new CrashCounter(point);
  const startedMs = systemClock.monotonicMs();
  const codec = new ProtoRowCodec();
  const progress = new Progress(logger);
  const backup = await verifyBackup(resolve(settings.from), {
    codec,
    digest: platformDigest,
    semanticsVersion: SEMANTICS_VERSION,
    onProgress: (rows) => progress.reached('verified', rows),
  });
  const { buckets, replicas, cluster } = settings;
  const shape = { backup: backup.id, buckets, replicas, resourceManagers: cluster.map(({ rm }) => rm) };
  // From here on a process that is killed leaves a folder that says so.
  keepRestored(folder, { state: 'begun', ...shape });
  crash?.passed('restore-begun');
  await store.migrate();
  const map = genesisPlacement(cluster, buckets, replicas);
  const own = map.buckets.filter((placed) => placed.replicas.includes(self));
  const restored = restoredBuckets(
    backup,
    own.map((placed) => ({ bucket: placed.bucket, slots: placed.slots, confState: votersOf(placed.replicas) })),
  );
  const rows = { written: 0, 'read back': 0 };
  await restoreRows(backup, restored, own.length === map.buckets.length, {
    codec,
    digest: platformDigest,
    store,
    onRows: (stage, more) => progress.reached(stage, (rows[stage] += more)),
  });
  crash?.passed('restore-read-back');
  await beginLogs(join(folder.path, 'log'), restored);
  crash?.passed('restore-logged');
  keepRestored(folder, { state: 'done', ...shape });
  logger.info(
    factsOf(backup, restored, systemClock.monotonicMs() - startedMs),
    'restored, read back and found consistent: start this resource manager with the others',
  );
}

/** Nothing but the name of its owner was ever written to it. */
function requireEmptyFolder(folder: DataFolder): void {
  const restored = restoredFolder(folder);
  const before =
    restored === null
      ? 'has been used already'
      : restored.state === 'done'
        ? `was restored already, from backup ${restored.backup}`
        : 'holds a restore that was cut short';
  if (restored !== null || folder.record('identity') !== undefined || new NodeMemberFolder(folder).hasLog())
    throw new UsageError(`${folder.path} ${before}: a backup is restored into an empty folder; name another with --data (MAS_DATA), or delete this one`);
}

async function emptyStore(settings: Settings, folder: DataFolder, logger: ProcessLogger): Promise<SqlAppliedStore> {
  const isEmbedded = settings.sql === 'embedded';
  const url = isEmbedded ? `embedded:${join(folder.path, `${settings.db}.db`)}` : settings.sql;
  const options = isEmbedded ? {} : { database: settings.db, createsDatabase: true };
  const store = await storeWhenThere(() => openAppliedStore(url, options, logger), settings.sqlWaitMs, systemClock, logger);
  const { kind } = await store.ownership();
  if (kind === 'empty') return store;
  await store.close();
  throw new UsageError(
    `database ${settings.db} is not empty${kind === 'unnamed' ? ' (a restore was cut short there, perhaps)' : ''}: a backup is restored into an empty one; drop it, or name another with --db (MAS_DB)`,
  );
}

/** As a group's log is once a snapshot was installed: it begins behind what the rows hold. */
async function beginLogs(directory: string, restored: readonly RestoredBucket[]): Promise<void> {
  const log = new SegmentedLogStore({
    directory,
    fileSystem: new NodeFileSystem(),
    clock: systemClock,
    onFatal: (error) => {
      throw error;
    },
  });
  await log.recover();
  for (const { bucket, checkpoint } of restored)
    await log.reset(bucket, { at: { index: logIndex(checkpoint.applied.index), term: term(checkpoint.applied.term) }, confState: checkpoint.confState });
  await log.close();
}

function votersOf(replicas: readonly RmId[]): RestoredBucket['checkpoint']['confState'] {
  return { voters: replicas.map((rm) => nodeId(rm)).sort((one, other) => one - other), learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
}

function factsOf({ id, manifest, examination }: VerifiedBackup, restored: readonly RestoredBucket[], ms: number): Record<string, unknown> {
  return {
    backup: id,
    moment: manifest.moment,
    buckets: restored.map(({ bucket }) => bucket),
    accounts: restored.reduce((sum, { checkpoint }) => sum + checkpoint.meta.accountCount, 0),
    undecidedLegsLeftOut: examination.counts.preparedUndecided,
    totals: Object.fromEntries(manifest.totals.map(({ currency, balancesMinor }) => [currency, formatAmount(balancesMinor, currency)])),
    seconds: Math.round(ms / 100) / 10,
  };
}

class Progress {
  private saidMs = systemClock.monotonicMs();

  constructor(private readonly logger: ProcessLogger) {}

  reached(stage: string, rows: number): void {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - this.saidMs < PROGRESS_MS) return;
    this.saidMs = nowMs;
    this.logger.info({ stage, rows }, 'under way');
  }
}
