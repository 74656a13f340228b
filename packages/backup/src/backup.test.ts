/** A backup is what it says or it is refused by name: files, bytes, rows, sums. */
import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { SEMANTICS_VERSION, type LegRow } from '@mas/ledger';
import { decodeSnapshot, encodeSnapshot, platformDigest, type SnapshotChunk, type SnapshotReader } from '@mas/resource-manager';
import { tempFolder, type TempFolder } from '@mas/test-servers';
import { present } from '@mas/values';
import { BackupDamaged, BackupFolderRefused, BackupWriter, verifyBackup, type Manifest, type VerifiedBackup } from './index';
import { parseManifest, renderManifest } from './manifest';
import { BOB, CODEC, MOMENT_US, SmallLedger, USD } from './testing/small-ledger';

const FILE = 'bucket-0002.rows.gz';

let folder: TempFolder;
let directory: string;

beforeEach(async () => {
  folder = await tempFolder('mas-backup');
  directory = join(folder.path, 'b');
  await new SmallLedger().backUp(directory);
});

afterEach(() => folder.remove());

function verified(semanticsVersion = SEMANTICS_VERSION): Promise<VerifiedBackup> {
  return verifyBackup(directory, { codec: CODEC, digest: platformDigest, semanticsVersion, onProgress: () => undefined });
}

async function findings(): Promise<readonly string[]> {
  try {
    await verified();
  } catch (error) {
    if (error instanceof BackupDamaged) return error.findings;
    throw error;
  }
  return [];
}

async function manifest(): Promise<Manifest> {
  const read = parseManifest(await readFile(join(directory, 'MANIFEST.json'), 'utf8'), platformDigest);
  if (typeof read === 'string') throw new Error(read);
  return read;
}

/** As somebody would who can compute checksums. */
async function rewrite(change: (manifest: Manifest) => Manifest): Promise<void> {
  await writeFile(join(directory, 'MANIFEST.json'), renderManifest(change(await manifest()), platformDigest));
}

/** Other rows in a file, with all checksums right. */
async function tamper(change: (chunk: SnapshotChunk) => SnapshotChunk): Promise<void> {
  const whole = gunzipSync(await readFile(join(directory, FILE)));
  const frames = decodeSnapshot(
    (async function* () {
      yield await Promise.resolve(whole);
    })(),
    CODEC,
    platformDigest,
  );
  const first = await frames.next();
  if (first.done === true || first.value.kind !== 'checkpoint') throw new Error('no checkpoint');
  const chunks: SnapshotChunk[] = [];
  for await (const frame of frames) if (frame.kind === 'rows') chunks.push(change(frame.chunk));
  const reader: SnapshotReader = {
    checkpoint: first.value.checkpoint,
    chunks: async function* () {
      yield* chunks;
      await Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const parts: Uint8Array[] = [];
  for await (const bytes of encodeSnapshot(reader, CODEC, platformDigest)) parts.push(Uint8Array.from(bytes));
  const zipped = gzipSync(Buffer.concat(parts));
  await writeFile(join(directory, FILE), zipped);
  await rewrite((old) => ({
    ...old,
    buckets: old.buckets.map((bucket) => (bucket.file === FILE ? { ...bucket, bytes: zipped.length, sha256: platformDigest.sha256Hex(zipped) } : bucket)),
  }));
}

function changedLeg(change: (leg: LegRow) => LegRow): (chunk: SnapshotChunk) => SnapshotChunk {
  return (chunk) => (chunk.kind === 'legs' ? { kind: 'legs', rows: chunk.rows.map(change) } : chunk);
}

test('a backup says what it is of, what it counts and what it sums up to', async () => {
  const { manifest: found, examination } = await verified();
  expect(found).toMatchObject({
    momentUs: MOMENT_US,
    counts: { accounts: 3, legs: 10, outcomes: 4, locks: 1, preparedDecided: 1, preparedUndecided: 3 },
    totals: [{ currency: USD, issuedMinor: 300n, balancesMinor: 300n }],
  });
  expect(
    examination.undecided
      .get(BOB)
      ?.map(({ effect }) => effect)
      .sort(),
  ).toEqual(['capture', 'credit', 'refund-debit']);
  expect((await readdir(folder.path)).sort()).toEqual(['b']);
});

test('every byte of a file counts', async () => {
  const { size } = await stat(join(directory, FILE));
  for (const at of [10, Math.floor(size / 2), size - 1]) {
    const bytes = await readFile(join(directory, FILE));
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(join(directory, FILE), changed);
    expect(await findings()).toEqual([expect.stringMatching(/^bucket-0002\.rows\.gz \(bucket 2\) does not have the SHA-256/)]);
    await writeFile(join(directory, FILE), bytes);
  }
  expect(await findings()).toEqual([]);
});

test.each<[string, () => Promise<void>, RegExp]>([
  ['a file is cut', () => truncate(join(directory, FILE), 100), /^bucket-0002\.rows\.gz \(bucket 2\) has 100 bytes instead of \d+/],
  ['a file is longer', () => appendFile(join(directory, FILE), 'x'), /^bucket-0002\.rows\.gz \(bucket 2\) has \d+ bytes instead of/],
  ['a file is missing', () => rm(join(directory, FILE)), /^bucket-0002\.rows\.gz \(bucket 2\) is missing/],
  ['the manifest is missing', () => rm(join(directory, 'MANIFEST.json')), /^MANIFEST\.json is missing/],
  ['the manifest is cut', () => truncate(join(directory, 'MANIFEST.json'), 50), /^MANIFEST\.json is not JSON/],
  [
    'the manifest says another sum',
    async () => {
      const path = join(directory, 'MANIFEST.json');
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"300"', '"301"'));
    },
    /^MANIFEST\.json does not have the SHA-256 that it names/,
  ],
  [
    'the manifest is of another format',
    async () => {
      const path = join(directory, 'MANIFEST.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"format": 1', '"format": 2'));
    },
    /^MANIFEST\.json is of format 2, and this program reads format 1/,
  ],
  [
    'another sum, with the checksum made right',
    () => rewrite((old) => ({ ...old, totals: [{ currency: USD, issuedMinor: 301n, balancesMinor: 301n }] })),
    /^MANIFEST\.json has the totals USD issued 301/,
  ],
  [
    'a bucket is left out of the manifest',
    () => rewrite((old) => ({ ...old, buckets: old.buckets.slice(0, 1) })),
    /^2048 of 4096 slots are in none of the files/,
  ],
  ['an earlier moment', () => rewrite((old) => ({ ...old, momentUs: 1_700_000_000_000_000 })), /is of a later moment/],
])('%s: refused by name', async (_, damage, text) => {
  await damage();
  const found = await findings();
  expect(found.some((finding) => text.test(finding))).toBe(true);
});

test.each<[string, (chunk: SnapshotChunk) => SnapshotChunk, RegExp]>([
  [
    'a balance',
    (chunk) => (chunk.kind === 'accounts' ? { kind: 'accounts', rows: chunk.rows.map((row) => ({ ...row, balanceMinor: row.balanceMinor + 1n })) } : chunk),
    /its journal ends at/,
  ],
  [
    'the amount of a leg',
    changedLeg((leg) => (leg.journal === null ? leg : { ...leg, spec: { ...leg.spec, amountMinor: leg.spec.amountMinor + 1n } })),
    /its home has recorded credit 20/,
  ],
  ['a commit time', changedLeg((leg) => (leg.commitUs === null ? leg : { ...leg, commitUs: leg.commitUs + 1 })), /its leg on .* is/],
  ['a leg behind the moment', changedLeg((leg) => (leg.commitUs === null ? leg : { ...leg, commitUs: MOMENT_US + 1 })), /was committed behind the moment/],
  [
    'a hold',
    (chunk) => (chunk.kind === 'accounts' ? { kind: 'accounts', rows: chunk.rows.map((row) => ({ ...row, holdsMinor: 0n })) } : chunk),
    /its legs hold/,
  ],
])('rows that were changed (%s), with all checksums right: found by the examination', async (_, change, text) => {
  await tamper(change);
  const found = await findings();
  expect(found.some((finding) => text.test(finding))).toBe(true);
});

test('rows of a later version of the rules are refused', async () => {
  await expect(verified(SEMANTICS_VERSION - 1)).rejects.toThrow(/use a later program/);
});

test('what is there already is left alone; what an earlier one has left is replaced', async () => {
  await expect(new SmallLedger().backUp(directory)).rejects.toThrow(BackupFolderRefused);
  const other = join(folder.path, 'c');
  await mkdir(`${other}.partial`);
  await writeFile(join(`${other}.partial`, 'bucket-0001.rows.gz'), 'half');
  await new SmallLedger().backUp(other);
  await mkdir(join(folder.path, 'd.partial'));
  await writeFile(join(folder.path, 'd.partial', 'holiday.jpg'), '');
  await expect(new SmallLedger().backUp(join(folder.path, 'd'))).rejects.toThrow(/holiday\.jpg/);
  expect((await readdir(folder.path)).sort()).toEqual(['b', 'c', 'd.partial']);
});

test('what does not add up is never called a backup, and what is abandoned leaves nothing', async () => {
  const out = join(folder.path, 'e');
  const [bucket] = new SmallLedger().buckets;
  const writer = await BackupWriter.begin(out, CODEC, platformDigest);
  await writer.beginBucket(bucket.id, present((await manifest()).buckets[0], 'bucket').rm);
  for await (const bytes of encodeSnapshot(bucket.reader(), CODEC, platformDigest)) await writer.write(bytes);
  await expect(writer.finish({ clusterId: '', momentUs: MOMENT_US, program: 'test' }, () => undefined)).rejects.toThrow(/2048 of 4096 slots/);
  expect(await readdir(folder.path)).toContain('e.partial');
  await writer.abandon();
  expect((await readdir(folder.path)).sort()).toEqual(['b']);
});
