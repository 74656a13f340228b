/**
 * MANIFEST.json: what a backup is of, and what belongs to it. Written last, so that a folder without it is no backup. Its text is the only one that its content has, and
 * carries its own SHA-256: a changed byte shows. docs/backup.md describes the format.
 */
import type { Digest } from '@mas/resource-manager';
import { bucketId, currency, rmId, type AmountMinor, type BucketId, type Currency, type RmId } from '@mas/values';

export const MANIFEST_FILE = 'MANIFEST.json';
export const BACKUP_FORMAT = 1;

export interface BucketFile {
  readonly bucket: BucketId;
  /** Whose replica was read. */
  readonly rm: RmId;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackupTotal {
  readonly currency: Currency;
  readonly issuedMinor: AmountMinor;
  /** What payments that were decided by then, and that a leg had not yet been told of, have moved is in it. */
  readonly balancesMinor: AmountMinor;
}

/** Rows, over all buckets. */
export interface BackupCounts {
  readonly accounts: number;
  readonly legs: number;
  readonly outcomes: number;
  readonly locks: number;
  /** Legs that were prepared then: those whose payment was decided by then, and those that are not in the backup's money. */
  readonly preparedDecided: number;
  readonly preparedUndecided: number;
}

export interface Manifest {
  readonly format: typeof BACKUP_FORMAT;
  readonly clusterId: string;
  /** The one moment of all that is in it, microseconds since the Unix epoch. */
  readonly momentUs: number;
  /** The same for people. */
  readonly moment: string;
  /** Of the program that wrote it. */
  readonly program: string;
  /** Of the instructions of all buckets. */
  readonly semanticsVersion: number;
  readonly counts: BackupCounts;
  readonly totals: readonly BackupTotal[];
  readonly buckets: readonly BucketFile[];
}

export function fileOf(bucket: BucketId): string {
  return `bucket-${String(bucket).padStart(4, '0')}.rows.gz`;
}

/** What names a backup: 32 hexadecimal digits that follow from all that is in it. */
export function backupId(manifest: Manifest, digest: Digest): string {
  return digest.sha256Hex(bodyOf(manifest)).slice(0, 32);
}

export function renderManifest(manifest: Manifest, digest: Digest): string {
  const body = bodyOf(manifest);
  return `${body.slice(0, -2)},\n  "sha256": "${digest.sha256Hex(body)}"\n}\n`;
}

/** @returns the manifest, or what is wrong with the text */
export function parseManifest(text: string, digest: Digest): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is not JSON: it is cut or damaged';
  }
  const format = fieldsOf(value)['format'];
  if (typeof format === 'number' && format !== BACKUP_FORMAT)
    return `is of format ${format}, and this program reads format ${BACKUP_FORMAT}: use the program that wrote it, or a later one`;
  try {
    const manifest = manifestOf(fieldsOf(value));
    return renderManifest(manifest, digest) === text ? manifest : 'does not have the SHA-256 that it names: it was changed or damaged';
  } catch (error) {
    return `is damaged: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Keys in one order, so that one content has one text. */
function bodyOf({ format, clusterId, momentUs, moment, program, semanticsVersion, counts, totals, buckets }: Manifest): string {
  const { accounts, legs, outcomes, locks, preparedDecided, preparedUndecided } = counts;
  const body = {
    format,
    clusterId,
    momentUs,
    moment,
    program,
    semanticsVersion,
    counts: { accounts, legs, outcomes, locks, preparedDecided, preparedUndecided },
    totals: totals.map((total) => ({
      currency: total.currency,
      issuedMinor: total.issuedMinor.toString(),
      balancesMinor: total.balancesMinor.toString(),
    })),
    buckets: buckets.map(({ bucket, rm, file, bytes, sha256 }) => ({ bucket, rm, file, bytes, sha256 })),
  };
  return JSON.stringify(body, null, 2);
}

type Fields = Readonly<Record<string, unknown>>;

function manifestOf(value: Fields): Manifest {
  if (value['format'] !== BACKUP_FORMAT) throw new Error('it names no format');
  const counts = fieldsOf(value['counts']);
  return {
    format: BACKUP_FORMAT,
    clusterId: textOf(value, 'clusterId'),
    momentUs: countOf(value, 'momentUs'),
    moment: textOf(value, 'moment'),
    program: textOf(value, 'program'),
    semanticsVersion: countOf(value, 'semanticsVersion'),
    counts: {
      accounts: countOf(counts, 'accounts'),
      legs: countOf(counts, 'legs'),
      outcomes: countOf(counts, 'outcomes'),
      locks: countOf(counts, 'locks'),
      preparedDecided: countOf(counts, 'preparedDecided'),
      preparedUndecided: countOf(counts, 'preparedUndecided'),
    },
    totals: listOf(value, 'totals').map((total) => ({
      currency: currency(textOf(total, 'currency')),
      issuedMinor: BigInt(textOf(total, 'issuedMinor')),
      balancesMinor: BigInt(textOf(total, 'balancesMinor')),
    })),
    buckets: listOf(value, 'buckets').map((each) => {
      const bucket = bucketId(countOf(each, 'bucket'));
      const file = textOf(each, 'file');
      // A name is never a path out of the folder.
      if (file !== fileOf(bucket)) throw new Error(`bucket ${bucket} has the file "${file}"`);
      return { bucket, rm: rmId(countOf(each, 'rm')), file, bytes: countOf(each, 'bytes'), sha256: textOf(each, 'sha256') };
    }),
  };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: Fields, name: string): string {
  const text = value[name];
  if (typeof text !== 'string') throw new Error(`${name} is no text`);
  return text;
}

function countOf(value: Fields, name: string): number {
  const count = value[name];
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) throw new Error(`${name} is no count`);
  return count;
}

function listOf(value: Fields, name: string): readonly Fields[] {
  const list: unknown = value[name];
  if (!Array.isArray(list)) throw new Error(`${name} is no list`);
  return list.map(fieldsOf);
}
