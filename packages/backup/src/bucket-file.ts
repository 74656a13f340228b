/**
 * One bucket's file: the bytes of a snapshot as replicas send them (checkpoint, then rows kind by kind in the order of their keys, then the SHA-256 over all of it), compressed
 * by gzip. It is read as a stream, and as often as somebody asks for rows: memory does not grow with it.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { decodeSnapshot, type Checkpoint, type Digest, type RowCodec, type SnapshotChunk, type SnapshotReader } from '@mas/resource-manager';
import type { ExaminedBucket } from './examination';
import type { BucketFile } from './manifest';

const READ_BYTES = 256 * 1024;
const ALL_KINDS: readonly SnapshotChunk['kind'][] = ['accounts', 'legs', 'outcomes', 'locks'];

export class BucketFileReader implements SnapshotReader {
  private constructor(
    private readonly path: string,
    private readonly codec: RowCodec,
    private readonly digest: Digest,
    readonly checkpoint: Checkpoint,
  ) {}

  /** @throws what reading and decoding throw where the file is damaged */
  static async open(directory: string, file: string, codec: RowCodec, digest: Digest): Promise<BucketFileReader> {
    const path = join(directory, file);
    const frames = decodeSnapshot(unzipped(path), codec, digest, []);
    try {
      const first = await frames.next();
      if (first.done === true || first.value.kind !== 'checkpoint') throw new Error('it has no checkpoint');
      return new BucketFileReader(path, codec, digest, first.value.checkpoint);
    } finally {
      await frames.return(undefined);
    }
  }

  async *chunks(kinds = ALL_KINDS): AsyncIterable<SnapshotChunk> {
    for await (const frame of decodeSnapshot(unzipped(this.path), this.codec, this.digest, kinds)) if (frame.kind === 'rows') yield frame.chunk;
  }

  /** Each reading closes its own file. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The files of a backup, to be examined. */
export function bucketFiles(
  directory: string,
  files: readonly Pick<BucketFile, 'bucket' | 'file'>[],
  codec: RowCodec,
  digest: Digest,
): readonly ExaminedBucket[] {
  return files.map(({ bucket, file }) => ({ bucket, name: file, open: () => BucketFileReader.open(directory, file, codec, digest) }));
}

/** @returns of the file as it lies there */
export async function fileFacts(directory: string, file: string, digest: Digest): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const running = digest.startSha256();
  let bytes = 0;
  for await (const chunk of createReadStream(join(directory, file), { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    running.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: running.hex() };
}

function unzipped(path: string): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: READ_BYTES });
  // What fails on either side is heard by who iterates.
  pipeline(createReadStream(path, { highWaterMark: READ_BYTES }), gunzip, () => undefined);
  return gunzip as AsyncIterable<Uint8Array>;
}
