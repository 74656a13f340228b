/**
 * Writes a backup: into DIR.partial, bucket after bucket as its bytes come, examined before it is called a backup, and renamed to DIR once all of it is on the disk. Whatever
 * ends it before leaves a DIR.partial that nothing takes for a backup, and that the next one replaces.
 */
import { createWriteStream } from 'node:fs';
import { access, mkdir, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { Digest, RowCodec, RunningDigest } from '@mas/resource-manager';
import { invariant, present, type BucketId, type RmId } from '@mas/values';
import { bucketFiles } from './bucket-file';
import { BackupDamaged } from './damaged';
import { Examiner } from './examination';
import { BACKUP_FORMAT, backupId, fileOf, MANIFEST_FILE, renderManifest, type BucketFile, type Manifest } from './manifest';

const OWN_FILES = /^(?:bucket-\d{4,}\.rows\.gz|MANIFEST\.json)$/;
const OWNER_ONLY = { folder: 0o700, file: 0o600 } as const;

/** The folder cannot be written to as it is; nothing was changed. */
export class BackupFolderRefused extends Error {
  readonly kind = 'backup-folder-refused';
}

/** What the rows are of. */
export interface BackupOrigin {
  readonly clusterId: string;
  readonly momentUs: number;
  readonly program: string;
}

interface UnderWay {
  readonly bucket: BucketId;
  readonly rm: RmId;
  readonly gzip: Gzip;
  readonly written: Promise<void>;
  readonly sha256: RunningDigest;
  bytes: number;
}

export class BackupWriter {
  private readonly files: BucketFile[] = [];
  private underWay: UnderWay | null = null;

  private constructor(
    private readonly directory: string,
    private readonly partial: string,
    private readonly codec: RowCodec,
    private readonly digest: Digest,
  ) {}

  /** @throws BackupFolderRefused where there is something already */
  static async begin(folder: string, codec: RowCodec, digest: Digest): Promise<BackupWriter> {
    const directory = resolve(folder);
    const partial = `${directory}.partial`;
    if (await exists(directory)) throw new BackupFolderRefused(`${directory} is there already: name a folder that is not`);
    try {
      await mkdir(partial, { recursive: true, mode: OWNER_ONLY.folder });
    } catch (error) {
      throw new BackupFolderRefused(`${partial} cannot be made: ${error instanceof Error ? error.message : String(error)}`);
    }
    const writer = new BackupWriter(directory, partial, codec, digest);
    await writer.clear();
    return writer;
  }

  /** The next bucket's bytes come from here on. */
  async beginBucket(bucket: BucketId, rm: RmId): Promise<void> {
    await this.endBucket();
    const gzip = createGzip({ level: constants.Z_BEST_SPEED });
    const sha256 = this.digest.startSha256();
    const path = join(this.partial, fileOf(bucket));
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        sha256.update(chunk);
        if (this.underWay !== null) this.underWay.bytes += chunk.length;
        done(null, chunk);
      },
    });
    const written = pipeline(gzip, counted, createWriteStream(path, { flags: 'wx', mode: OWNER_ONLY.file }));
    // Heard by the next write, or the end.
    written.catch(() => undefined);
    this.underWay = { bucket, rm, gzip, written, sha256, bytes: 0 };
  }

  /** Resolves once more can be taken. */
  async write(bytes: Uint8Array): Promise<void> {
    const { gzip, written } = present(this.underWay, 'bucket that is written');
    if (gzip.write(bytes)) return;
    await Promise.race([written, new Promise<void>((resume) => gzip.once('drain', resume))]);
  }

  /** @param onRows how many rows have been examined since the last call @throws BackupDamaged: what came is not one state of the ledger */
  async finish({ clusterId, momentUs, program }: BackupOrigin, onRows: (rows: number) => void): Promise<Manifest & { readonly id: string }> {
    await this.endBucket();
    const { files, partial, directory, codec, digest } = this;
    const found = await new Examiner({ momentUs, buckets: bucketFiles(partial, files, codec, digest), isWhole: true, onRows }).run();
    if (found.findings.length > 0) throw new BackupDamaged(partial, found.findings);
    const manifest: Manifest = {
      format: BACKUP_FORMAT,
      clusterId,
      momentUs,
      moment: new Date(Math.floor(momentUs / 1000)).toISOString(),
      program,
      semanticsVersion: Math.max(0, ...found.metas.map(({ semanticsVersion }) => semanticsVersion)),
      counts: found.counts,
      totals: found.totals,
      buckets: files,
    };
    const file = await open(join(partial, MANIFEST_FILE), 'wx', OWNER_ONLY.file);
    await file.writeFile(renderManifest(manifest, digest));
    await synced(file);
    await syncFolder(partial);
    if (await exists(directory)) throw new BackupFolderRefused(`${directory} has come to be there meanwhile: the backup is whole, in ${partial}`);
    await rename(partial, directory);
    await syncFolder(dirname(directory));
    return { ...manifest, id: backupId(manifest, digest) };
  }

  /** From the first bucket on, with other bytes. */
  async restart(): Promise<void> {
    this.underWay?.gzip.destroy();
    await this.underWay?.written.catch(() => undefined);
    this.underWay = null;
    await this.clear();
  }

  /** It will not be finished: what was written goes. */
  async abandon(): Promise<void> {
    await this.restart();
    await rmdir(this.partial).catch(() => undefined);
  }

  private async endBucket(): Promise<void> {
    const { underWay } = this;
    if (underWay === null) return;
    const { bucket, rm, gzip, written, sha256 } = underWay;
    gzip.end();
    await written;
    await synced(await open(join(this.partial, fileOf(bucket)), 'r+'));
    this.files.push({ bucket, rm, file: fileOf(bucket), bytes: underWay.bytes, sha256: sha256.hex() });
    this.underWay = null;
  }

  /** What an earlier one has left. @throws BackupFolderRefused where there is anything else */
  private async clear(): Promise<void> {
    invariant(this.underWay === null, 'no file is removed while it is written');
    this.files.length = 0;
    const names = await readdir(this.partial);
    const strange = names.find((name) => !OWN_FILES.test(name));
    if (strange !== undefined)
      throw new BackupFolderRefused(`${this.partial} holds "${strange}", which is no part of a backup: remove it, or name another folder`);
    for (const name of names) await unlink(join(this.partial, name));
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function synced(file: Awaited<ReturnType<typeof open>>): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  await synced(await open(path, 'r'));
}
