/**
 * A disk in memory that forgets what a real one may forget. `crash()` leaves the durable bytes plus, of each write
 * that was not synced, whatever the given tearing keeps: nothing, everything, a prefix, or any of its sectors. Names are
 * lost likewise unless their directory was synced. For the simulator and for tests of failing disks.
 */
import { invariant, type Random } from '@mas/values';
import { SECTOR_BYTES } from '../format/record-format';
import type { LogFile, LogFileSystem } from './log-file-system';

/** What a crash keeps of each unsynced write; `sectors` keeps any subset, `prefix` cuts at any byte. */
export type Tearing = { readonly kind: 'lose' } | { readonly kind: 'keep' } | { readonly kind: 'prefix' | 'sectors'; readonly random: Random };

export type DiskOperation = 'write' | 'sync' | 'create' | 'rename' | 'remove' | 'sync-directory';

export interface MemoryFileSystemOptions {
  /** Sum of all file sizes; a write beyond it fails with ENOSPC. Default: no limit. */
  readonly capacityBytes?: number;
  /** Runs an operation's effect later; a simulator delays it. Default: the next microtask. */
  readonly schedule?: (run: () => void) => void;
}

interface Inode {
  durable: Buffer;
  cached: Buffer;
  unsynced: { readonly at: number; readonly bytes: Buffer }[];
}

export class MemoryFileSystem implements LogFileSystem {
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private failing: { readonly operation: DiskOperation; readonly error: Error } | undefined;
  private powered = 0;
  syncs = 0;

  constructor(private readonly options: MemoryFileSystemOptions = {}) {}

  /** Fails the next operation of this kind, once. */
  failNext(operation: DiskOperation, error: Error): void {
    this.failing = { operation, error };
  }

  /** Power off and on. Operations still under way never finish. */
  crash(tearing: Tearing): void {
    this.powered += 1;
    this.names = new Map(this.durableNames);
    for (const inode of new Set(this.names.values())) {
      for (const write of inode.unsynced) inode.durable = tear(inode.durable, write, tearing);
      inode.cached = Buffer.from(inode.durable);
      inode.unsynced = [];
    }
  }

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  list(directory: string): Promise<readonly string[]> {
    const prefix = `${directory}/`;
    return this.run(undefined, () => [...this.names.keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length)));
  }

  open(path: string): Promise<LogFile> {
    return this.run(undefined, () => this.file(this.inode(path)));
  }

  create(path: string): Promise<LogFile> {
    return this.run('create', () => {
      const inode: Inode = { durable: Buffer.alloc(0), cached: Buffer.alloc(0), unsynced: [] };
      this.names.set(path, inode);
      return this.file(inode);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.run('rename', () => {
      this.names.set(to, this.inode(from));
      this.names.delete(from);
    });
  }

  remove(path: string): Promise<void> {
    return this.run('remove', () => {
      this.names.delete(path);
    });
  }

  syncDirectory(): Promise<void> {
    return this.run('sync-directory', () => {
      this.durableNames = new Map(this.names);
    });
  }

  paths(): readonly string[] {
    return [...this.names.keys()].sort();
  }

  /** A copy of what a reader would see now. */
  contentOf(path: string): Buffer {
    return Buffer.from(this.inode(path).cached);
  }

  /** Gives a file this content, durably: how a test damages it, or puts a disk together. */
  overwrite(path: string, content: Uint8Array): void {
    const inode: Inode = { durable: Buffer.from(content), cached: Buffer.from(content), unsynced: [] };
    this.names.set(path, inode);
    this.durableNames.set(path, inode);
  }

  /** What would be there after a power cut that kept nothing unsynced: a copy of the disk at this moment. */
  image(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.durableNames].map(([path, { durable }]) => [path, Uint8Array.from(durable)]));
  }

  /** From here on the disk holds this and nothing else. Only while nobody uses it. */
  replaceBy(image: ReadonlyMap<string, Uint8Array>): void {
    this.names.clear();
    this.durableNames.clear();
    for (const [path, content] of image) this.overwrite(path, content);
  }

  private file(inode: Inode): LogFile {
    const write: LogFile['write'] = (bytes, length, position) =>
      this.run('write', () => {
        const copy = Buffer.from(bytes.subarray(0, length));
        this.checkSpace(inode, position + length);
        inode.cached = place(inode.cached, position, copy);
        inode.unsynced.push({ at: position, bytes: copy });
      });
    const sync: LogFile['sync'] = () =>
      this.run('sync', () => {
        this.syncs += 1;
        for (const each of inode.unsynced) inode.durable = place(inode.durable, each.at, each.bytes);
        inode.unsynced = [];
      });
    return {
      readAll: () => this.run(undefined, () => Buffer.from(inode.cached)),
      write,
      // In two steps, as the kernel takes it: a crash between them finds it written and not synced.
      writeDurably: (bytes, length, position) => write(bytes, length, position).then(sync),
      sync,
      close: () => Promise.resolve(),
    };
  }

  private run<Value>(operation: DiskOperation | undefined, effect: () => Value): Promise<Value> {
    const powered = this.powered;
    return new Promise((resolve, reject) => {
      (this.options.schedule ?? queueMicrotask)(() => {
        if (powered !== this.powered) return;
        try {
          const failing = this.failing;
          if (failing !== undefined && failing.operation === operation) {
            this.failing = undefined;
            throw failing.error;
          }
          resolve(effect());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  private checkSpace(inode: Inode, end: number): void {
    let used = Math.max(0, end - inode.cached.length);
    for (const each of new Set(this.names.values())) used += each.cached.length;
    if (used > (this.options.capacityBytes ?? Number.MAX_SAFE_INTEGER))
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }

  private inode(path: string): Inode {
    const inode = this.names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`ENOENT: no such file, '${path}'`), { code: 'ENOENT' });
    return inode;
  }
}

function place(content: Buffer, at: number, bytes: Uint8Array): Buffer {
  const end = at + bytes.length;
  const target = end <= content.length ? content : Buffer.concat([content, Buffer.alloc(end - content.length)]);
  target.set(bytes, at);
  return target;
}

function tear(durable: Buffer, write: { readonly at: number; readonly bytes: Buffer }, tearing: Tearing): Buffer {
  switch (tearing.kind) {
    case 'lose':
      return durable;
    case 'keep':
      return place(durable, write.at, write.bytes);
    case 'prefix':
      return place(durable, write.at, write.bytes.subarray(0, tearing.random.below(write.bytes.length + 1)));
    case 'sectors': {
      let content = durable;
      const end = write.at + write.bytes.length;
      for (let at = write.at; at < end; at = nextSector(at)) {
        const kept = tearing.random.below(2) === 0;
        if (kept) content = place(content, at, write.bytes.subarray(at - write.at, Math.min(nextSector(at), end) - write.at));
      }
      return content;
    }
    default:
      tearing satisfies never;
      invariant(false, 'unknown tearing');
  }
}

function nextSector(at: number): number {
  return at - (at % SECTOR_BYTES) + SECTOR_BYTES;
}
