/**
 * Port: where a snapshot waits while it is sent. Reading the tables takes as long as SQL needs, sending as long as
 * the slowest peer needs; the spool keeps a slow peer from holding a SQL transaction open.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BucketId } from '@mas/values';

export interface SnapshotSpool {
  /** Removes what an earlier process left. */
  start(): Promise<void>;
  /** Takes all chunks; the result must be released. */
  spool(bucket: BucketId, chunks: AsyncIterable<Uint8Array>): Promise<SpooledSnapshot>;
}

export interface SpooledSnapshot {
  readonly bytes: number;
  read(): AsyncIterable<Uint8Array>;
  /** From `offset` on, at most so many bytes; also again. */
  piece(offset: number, maxBytes: number): Promise<Uint8Array>;
  release(): Promise<void>;
}

const SUFFIX = '.snapshot';

/** One file per snapshot in a folder of its own. No fsync: after a crash the snapshot is made anew. */
export class FileSnapshotSpool implements SnapshotSpool {
  private made = 0;

  constructor(private readonly folder: string) {}

  async start(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const names = await readdir(this.folder);
    await Promise.all(names.filter((name) => name.endsWith(SUFFIX)).map((name) => unlink(join(this.folder, name))));
  }

  async spool(bucket: BucketId, chunks: AsyncIterable<Uint8Array>): Promise<SpooledSnapshot> {
    this.made += 1;
    const path = join(this.folder, `${bucket}-${this.made}${SUFFIX}`);
    try {
      await pipeline(chunks, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      await unlink(path).catch(() => undefined);
      throw error;
    }
    const { size } = await stat(path);
    return {
      bytes: size,
      piece: (offset, maxBytes) => pieceOf(path, offset, Math.min(maxBytes, size - offset)),
      read: () => createReadStream(path) as AsyncIterable<Uint8Array>,
      release: () => unlink(path).catch(() => undefined),
    };
  }
}

async function pieceOf(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** For simulators and small tests. */
export class MemorySnapshotSpool implements SnapshotSpool {
  start(): Promise<void> {
    return Promise.resolve();
  }

  async spool(_bucket: BucketId, chunks: AsyncIterable<Uint8Array>): Promise<SpooledSnapshot> {
    const kept: Uint8Array[] = [];
    for await (const chunk of chunks) kept.push(chunk);
    const whole = Buffer.concat(kept);
    return {
      bytes: whole.length,
      piece: (offset, maxBytes) => Promise.resolve(whole.subarray(offset, offset + maxBytes)),
      read: async function* () {
        await Promise.resolve();
        yield* kept;
      },
      release: () => Promise.resolve(),
    };
  }
}
