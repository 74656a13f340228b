/** LogFileSystem on node:fs. Plain callbacks of the file descriptor API: a FileHandle costs a few microseconds more per call. */
import * as fs from 'node:fs';
import type { LogFile, LogFileSystem } from './log-file-system';

export class NodeFileSystem implements LogFileSystem {
  async makeDirectory(directory: string): Promise<void> {
    await fs.promises.mkdir(directory, { recursive: true, mode: 0o700 });
  }

  list(directory: string): Promise<readonly string[]> {
    return fs.promises.readdir(directory);
  }

  open(path: string): Promise<LogFile> {
    return openFile(path, 'r+');
  }

  create(path: string): Promise<LogFile> {
    return openFile(path, 'w+');
  }

  rename(from: string, to: string): Promise<void> {
    return fs.promises.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return fs.promises.unlink(path);
  }

  async syncDirectory(directory: string): Promise<void> {
    const handle = await fs.promises.open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Only there it means what fdatasync means: elsewhere the disk's own cache may keep what was written. */
const HAS_DURABLE_WRITES = process.platform === 'linux';

async function openFile(path: string, flags: string): Promise<LogFile> {
  const descriptor = await openDescriptor(path, flags);
  if (!HAS_DURABLE_WRITES) return new NodeFile(descriptor, null);
  try {
    return new NodeFile(descriptor, await openDescriptor(path, fs.constants.O_WRONLY | fs.constants.O_DSYNC));
  } catch (error) {
    await closeDescriptor(descriptor);
    throw error;
  }
}

function openDescriptor(path: string, flags: string | number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, 0o600, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)));
  });
}

function closeDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => fs.close(descriptor, (error) => (error instanceof Error ? reject(error) : resolve())));
}

class NodeFile implements LogFile {
  /** @param durable of the same file, with O_DSYNC; null: this platform has no such thing */
  constructor(
    private readonly descriptor: number,
    private readonly durable: number | null,
  ) {}

  readAll(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      fs.fstat(this.descriptor, (error, stats) => {
        if (error !== null) return reject(error);
        const bytes = Buffer.allocUnsafeSlow(stats.size);
        this.readFrom(bytes, 0, resolve, reject);
      });
    });
  }

  write(bytes: Uint8Array, length: number, position: number): Promise<void> {
    return new Promise((resolve, reject) => writeFrom(this.descriptor, bytes, 0, length, position, resolve, reject));
  }

  async writeDurably(bytes: Uint8Array, length: number, position: number): Promise<void> {
    const { durable } = this;
    if (durable !== null) return new Promise((resolve, reject) => writeFrom(durable, bytes, 0, length, position, resolve, reject));
    await this.write(bytes, length, position);
    await this.sync();
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fs.fdatasync(this.descriptor, (error) => (error === null ? resolve() : reject(error))));
  }

  async close(): Promise<void> {
    await closeDescriptor(this.descriptor);
    if (this.durable !== null) await closeDescriptor(this.durable);
  }

  private readFrom(bytes: Buffer, at: number, resolve: (bytes: Buffer) => void, reject: (error: Error) => void): void {
    if (at === bytes.length) return resolve(bytes);
    fs.read(this.descriptor, bytes, at, bytes.length - at, at, (error, count) => {
      if (error !== null) reject(error);
      else if (count === 0) resolve(bytes.subarray(0, at));
      else this.readFrom(bytes, at + count, resolve, reject);
    });
  }
}

/** One call writes all of it, except on a disk that fills up: the next call then says so. */
function writeFrom(
  descriptor: number,
  bytes: Uint8Array,
  at: number,
  length: number,
  position: number,
  resolve: () => void,
  reject: (error: Error) => void,
): void {
  fs.write(descriptor, bytes, at, length - at, position + at, (error, count) => {
    if (error !== null) reject(error);
    else if (at + count === length) resolve();
    else if (count === 0) reject(new Error('a write to the log wrote nothing'));
    else writeFrom(descriptor, bytes, at + count, length, position, resolve, reject);
  });
}
