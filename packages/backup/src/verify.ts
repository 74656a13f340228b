/** Is a folder a backup that can be relied on? Asked before anything is restored, and by whoever wants to know; no cluster is needed. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest, RowCodec } from '@mas/resource-manager';
import { bucketFiles, fileFacts } from './bucket-file';
import { BackupDamaged } from './damaged';
import { Examiner, type Examination } from './examination';
import { backupId, MANIFEST_FILE, parseManifest, type BackupCounts, type Manifest } from './manifest';

export interface VerifiedBackup {
  readonly directory: string;
  readonly id: string;
  readonly manifest: Manifest;
  readonly examination: Examination;
}

export interface VerifyPorts {
  readonly codec: RowCodec;
  readonly digest: Digest;
  /** The newest semantics of instructions that this program knows. */
  readonly semanticsVersion: number;
  /** Rows looked at, of so many. */
  readonly onProgress: (rows: number, of: number) => void;
}

/** @throws BackupDamaged with everything that is wrong or missing */
export async function verifyBackup(directory: string, ports: VerifyPorts): Promise<VerifiedBackup> {
  const { codec, digest, onProgress } = ports;
  const manifest = await manifestIn(directory, ports);
  const missing = await damagedFiles(directory, manifest, digest);
  if (missing.length > 0) throw new BackupDamaged(directory, missing);
  let rows = 0;
  const { accounts, legs, outcomes, locks } = manifest.counts;
  const onRows = (more: number): void => onProgress((rows += more), Math.max(rows, accounts + legs + outcomes + locks));
  const examination = await new Examiner({
    momentUs: manifest.momentUs,
    buckets: bucketFiles(directory, manifest.buckets, codec, digest),
    isWhole: true,
    onRows,
  }).run();
  const findings = examination.findings.length > 0 ? examination.findings : differences(manifest, examination);
  if (findings.length > 0) throw new BackupDamaged(directory, findings);
  return { directory, id: backupId(manifest, digest), manifest, examination };
}

async function manifestIn(directory: string, { digest, semanticsVersion }: VerifyPorts): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(join(directory, MANIFEST_FILE), 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new BackupDamaged(directory, [`${MANIFEST_FILE} is missing: this is no backup, or one that was not finished.`]);
  }
  const manifest = parseManifest(text, digest);
  if (typeof manifest === 'string') throw new BackupDamaged(directory, [`${MANIFEST_FILE} ${manifest}.`]);
  if (manifest.semanticsVersion > semanticsVersion)
    throw new BackupDamaged(directory, [
      `${MANIFEST_FILE}: its rows are of version ${manifest.semanticsVersion} of the ledger's rules, and this program knows versions up to ${semanticsVersion}: use a later program.`,
    ]);
  return manifest;
}

async function damagedFiles(directory: string, { buckets }: Manifest, digest: Digest): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const { bucket, file, bytes, sha256 } of buckets) {
    try {
      const { size } = await stat(join(directory, file));
      if (size !== bytes) findings.push(`${file} (bucket ${bucket}) has ${size} bytes instead of ${bytes}: it is cut or damaged.`);
      else if ((await fileFacts(directory, file, digest)).sha256 !== sha256)
        findings.push(`${file} (bucket ${bucket}) does not have the SHA-256 that the manifest names: it is damaged.`);
    } catch (error) {
      if (!isMissing(error)) throw error;
      findings.push(`${file} (bucket ${bucket}) is missing.`);
    }
  }
  return findings;
}

/** What the manifest says against what was found. */
function differences({ counts, totals }: Manifest, found: Examination): readonly string[] {
  const texts: string[] = [];
  for (const name of Object.keys(counts) as (keyof BackupCounts)[])
    if (counts[name] !== found.counts[name]) texts.push(`${MANIFEST_FILE} counts ${counts[name]} (${name}), the files have ${found.counts[name]}.`);
  const said = totals.map(textOf).join('; ');
  const sums = found.totals.map(textOf).join('; ');
  if (said !== sums) texts.push(`${MANIFEST_FILE} has the totals ${said}, the files have ${sums}.`);
  return texts;
}

function textOf({ currency, issuedMinor, balancesMinor }: Manifest['totals'][number]): string {
  return `${currency} issued ${issuedMinor}, balances ${balancesMinor}`;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
