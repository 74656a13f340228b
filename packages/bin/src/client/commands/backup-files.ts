/** A backup's files: written from what the cluster sends, and proved. */
import { resolve } from 'node:path';
import { BackupDamaged, BackupFolderRefused, BackupWriter, verifyBackup, type Manifest } from '@mas/backup';
import { SEMANTICS_VERSION } from '@mas/ledger';
import { platformDigest } from '@mas/resource-manager';
import { ProtoRowCodec, type BackupEvent } from '@mas/rpc';
import type { BackupProgress, BackupTaken } from '@mas/transaction-coordinator';
import type { BucketId } from '@mas/values';
import { describeVersion } from '../../platform/version';
import { UsageError } from '../../usage-error';
import { CommandFailed, EXIT } from '../exit-codes';
import { moment, money, type Output } from '../output';
import { ProgressLine } from '../progress-line';
import type { Session } from '../session';

/** On a terminal a line is written anew so often. */
const SHOWN_EVERY_MS = 200;

export async function proveBackup(output: Output, folder: string): Promise<void> {
  const line = new Shown(output.json);
  const onProgress = (rows: number, of: number): void => line.show({ rows, of }, `${share(rows, of)} of ${count(of)} rows`);
  const ports = { codec: new ProtoRowCodec(), digest: platformDigest, semanticsVersion: SEMANTICS_VERSION, onProgress };
  const { id, manifest } = await verifyBackup(resolve(folder), ports)
    .catch(refused)
    .finally(() => line.clear());
  output.print({ id, ...manifest }, () => `${summary(id, manifest)}\nwhole and consistent`);
}

export async function createBackup({ client, output, timeoutMs }: Session, out: string): Promise<void> {
  const writer = await BackupWriter.begin(out, new ProtoRowCodec(), platformDigest).catch(refused);
  const line = new Shown(output.json);
  try {
    const taken = await take(writer, (onEvent) => client.backup(onEvent, timeoutMs), line);
    let rows = 0;
    const of = taken.buckets.reduce((sum, bucket) => sum + bucket.rows, 0);
    const onRows = (more: number): void => line.show({ examined: (rows += more), of }, `examined ${share(rows, of)} of ${count(of)} rows`);
    const manifest = await writer.finish({ clusterId: taken.clusterId, momentUs: taken.momentUs, program: describeVersion() }, onRows);
    line.clear();
    output.print({ out: resolve(out), ...manifest }, () => `${summary(manifest.id, manifest)}\nwritten to ${resolve(out)}`);
  } catch (error) {
    line.clear();
    // A whole one that could not be called by its name is worth keeping.
    if (!(error instanceof BackupFolderRefused)) await writer.abandon();
    refused(error);
  }
}

/** Pieces into files, until all have come. */
async function take(writer: BackupWriter, listen: (onEvent: (event: BackupEvent) => Promise<void>) => Promise<void>, line: Shown): Promise<BackupTaken> {
  const course: { taken: BackupTaken | null; bucket: BucketId | null; bytes: number } = { taken: null, bucket: null, bytes: 0 };
  await listen(async (event) => {
    switch (event.kind) {
      case 'progress':
        return line.show(event.progress, readingText(event.progress));
      case 'begun':
        // Another Transaction Manager begins anew where one was lost.
        if (course.taken !== null) await writer.restart();
        course.taken = event.taken;
        course.bucket = null;
        course.bytes = 0;
        return;
      case 'piece': {
        const { taken } = course;
        if (taken === null) throw new Error('bytes of a backup came before it was said what they are of');
        if (event.bucket !== course.bucket) {
          course.bucket = event.bucket;
          await writer.beginBucket(event.bucket, taken.buckets.find(({ bucket }) => bucket === event.bucket)?.rm ?? fail(event.bucket));
        }
        await writer.write(event.bytes);
        course.bytes += event.bytes.length;
        const of = taken.buckets.reduce((sum, { bytes }) => sum + bytes, 0);
        return line.show({ bytes: course.bytes, of }, `${share(course.bytes, of)} of ${count(Math.ceil(of / 1024))} KiB`);
      }
      case 'whole':
        return;
      default:
        return event satisfies never;
    }
  });
  if (course.taken === null) throw new Error('the backup has ended without a byte');
  return course.taken;
}

/** Not more often than somebody can read; with --json neither. */
class Shown {
  private readonly line: ProgressLine;
  private shownMs = 0;

  constructor(json: boolean) {
    this.line = new ProgressLine(process.stderr, json);
  }

  show(value: unknown, people: string): void {
    const nowMs = performance.now();
    if (nowMs - this.shownMs < SHOWN_EVERY_MS) return;
    this.shownMs = nowMs;
    this.line.show(value, () => people);
  }

  clear(): void {
    this.line.clear();
  }
}

function readingText({ momentUs, replicas }: BackupProgress): string {
  const rows = replicas.reduce((sum, replica) => sum + replica.rows, 0);
  const ready = replicas.filter(({ isReady }) => isReady).length;
  return `backup of ${moment(momentUs)}: ${count(rows)} rows read, ${ready} of ${replicas.length} buckets whole`;
}

function summary(id: string, { momentUs, counts, totals, buckets, clusterId }: Manifest): string {
  return [
    `backup ${id} of cluster ${clusterId} as of ${moment(momentUs)}`,
    `${count(counts.accounts)} accounts, ${count(counts.legs)} legs, ${count(counts.outcomes)} outcomes in ${buckets.length} buckets`,
    `${counts.preparedDecided} legs of payments that were decided are told after a restore, ${counts.preparedUndecided} of undecided ones are left out`,
    ...totals.map(({ currency, issuedMinor, balancesMinor }) => `issued ${money(issuedMinor, currency)}, balances ${money(balancesMinor, currency)}`),
  ].join('\n');
}

function refused(error: unknown): never {
  if (error instanceof BackupDamaged)
    throw new CommandFailed(EXIT.damaged, `BACKUP_DAMAGED: ${error.message}`, { reason: 'BACKUP_DAMAGED', findings: error.findings });
  if (error instanceof BackupFolderRefused) throw new UsageError(error.message);
  throw error;
}

function fail(bucket: BucketId): never {
  throw new Error(`bytes of bucket ${bucket} came, which the backup does not have`);
}

function share(part: number, whole: number): string {
  return `${Math.min(100, Math.floor((100 * part) / Math.max(1, whole)))} %`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
