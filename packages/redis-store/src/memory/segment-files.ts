/**
 * The files of the embedded stand-in's journal: numbered segments, of which only the newest is appended to and only the oldest
 * goes. Segment 0 is the single file of earlier versions, which may be longer than any string; it is read and never written.
 */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface Segment {
  readonly segment: number;
  readonly bytes: number;
}

export interface SegmentFiles {
  /** Ascending. */
  list(): readonly Segment[];
  /** From its beginning, in pieces; each is valid during its call only. */
  read(segment: number, onBytes: (bytes: Buffer) => void): void;
  append(segment: number, bytes: Buffer): Promise<void>;
  /** One that is not there is removed already. */
  remove(segment: number): Promise<void>;
  close(): Promise<void>;
}

const READ_BYTES = 1 << 18;
const OWNER_ONLY = 0o600;

export class NumberedFiles implements SegmentFiles {
  private open: { readonly segment: number; readonly handle: fs.promises.FileHandle } | null = null;

  /** @param path of segment 0; segment n lies beside it as `path.n`. */
  constructor(private readonly path: string) {}

  list(): readonly Segment[] {
    const [folder, name] = [dirname(this.path), basename(this.path)];
    // What an earlier version had not finished to write.
    fs.rmSync(`${this.path}.new`, { force: true });
    const segments = fs.readdirSync(folder).flatMap((file) => {
      const number = file === name ? '0' : file.startsWith(`${name}.`) ? file.slice(name.length + 1) : '';
      return /^\d{1,15}$/.test(number) ? [{ segment: Number(number), bytes: fs.statSync(join(folder, file)).size }] : [];
    });
    return segments.sort((a, b) => a.segment - b.segment);
  }

  read(segment: number, onBytes: (bytes: Buffer) => void): void {
    const file = fs.openSync(this.pathOf(segment), 'r');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    try {
      for (let length = fs.readSync(file, buffer); length > 0; length = fs.readSync(file, buffer)) onBytes(buffer.subarray(0, length));
    } finally {
      fs.closeSync(file);
    }
  }

  async append(segment: number, bytes: Buffer): Promise<void> {
    const handle = await this.handleOf(segment);
    for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
  }

  async remove(segment: number): Promise<void> {
    if (this.open?.segment === segment) await this.close();
    await fs.promises.rm(this.pathOf(segment), { force: true });
  }

  async close(): Promise<void> {
    const { open } = this;
    this.open = null;
    await open?.handle.close();
  }

  private async handleOf(segment: number): Promise<fs.promises.FileHandle> {
    if (this.open?.segment === segment) return this.open.handle;
    await this.close();
    const handle = await fs.promises.open(this.pathOf(segment), 'a', OWNER_ONLY);
    this.open = { segment, handle };
    return handle;
  }

  private pathOf(segment: number): string {
    return segment === 0 ? this.path : `${this.path}.${segment}`;
  }
}
