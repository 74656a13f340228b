/**
 * The segment files: the one being written, the next one made ready beforehand, the removal of old ones. A segment is
 * zeroed and synced under another name and renamed then, so that a segment file is always whole, and writing records
 * neither allocates space nor changes a file's size.
 */
import { invariant, present } from '@mas/values';
import type { LogFile, LogFileSystem } from '../disk/log-file-system';
import { SEGMENT_HEADER_BYTES, segmentHeader } from '../format/record-format';
import { writeZeros } from '../recovery/repair-tail';
import { segmentName, unfinishedName } from '../recovery/segment-names';

export class SegmentFiles {
  /** Sequence → size, ascending; includes the one being written. */
  private readonly sizes = new Map<number, number>();
  private current: { readonly sequence: number; readonly file: LogFile } | undefined;
  private spare: { readonly sequence: number; readonly file: Promise<LogFile | undefined> } | undefined;
  private closing = false;

  constructor(
    private readonly fileSystem: LogFileSystem,
    private readonly directory: string,
    readonly segmentBytes: number,
    private readonly onFatal: (error: unknown) => void,
  ) {}

  get count(): number {
    return this.sizes.size;
  }

  totalBytes(): number {
    return this.bytesFrom(0);
  }

  /** Of the segments `sequence` and newer. */
  bytesFrom(sequence: number): number {
    let sum = 0;
    for (const [each, bytes] of this.sizes) if (each >= sequence) sum += bytes;
    return sum;
  }

  /** Takes over what recovery has found; `tail` is the one to go on with, `ready` an empty one behind it. */
  adopt(segments: readonly { readonly sequence: number; readonly bytes: number }[], tail: number, file: LogFile, ready: LogFile | undefined): void {
    for (const { sequence, bytes } of segments) if (sequence <= tail) this.sizes.set(sequence, Math.max(bytes, this.segmentBytes));
    this.current = { sequence: tail, file };
    if (ready !== undefined) this.spare = { sequence: tail + 1, file: Promise.resolve(ready) };
    else this.makeSpare(tail + 1);
  }

  async createFirst(): Promise<void> {
    const file = present(await this.prepare(1), 'first segment');
    this.sizes.set(1, this.segmentBytes);
    this.current = { sequence: 1, file };
    this.makeSpare(2);
  }

  /** The file to write to; moves on to the next segment when `sequence` is that one. */
  async file(sequence: number): Promise<LogFile> {
    const current = present(this.current, 'current segment');
    if (current.sequence === sequence) return current.file;
    const { spare } = this;
    invariant(spare !== undefined && spare.sequence === sequence && sequence === current.sequence + 1, 'segments are used one after the other', { sequence });
    const file = present(await spare.file, `segment ${sequence}`);
    await current.file.close();
    this.current = { sequence, file };
    this.sizes.set(sequence, this.segmentBytes);
    this.makeSpare(sequence + 1);
    return file;
  }

  /** An oversized batch has made the segment longer. */
  grewTo(sequence: number, bytes: number): void {
    if (bytes > (this.sizes.get(sequence) ?? 0)) this.sizes.set(sequence, bytes);
  }

  /** Removes the segments before `sequence`, oldest first, so that what is left after a crash has no gap. */
  async dropBefore(sequence: number): Promise<void> {
    const old = [...this.sizes.keys()].filter((each) => each < sequence);
    if (old.length === 0) return;
    for (const each of old) this.sizes.delete(each);
    for (const each of old) {
      await this.fileSystem.remove(`${this.directory}/${segmentName(each)}`);
      await this.fileSystem.syncDirectory(this.directory);
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.current?.file.close();
    await (await this.spare?.file)?.close();
  }

  private makeSpare(sequence: number): void {
    const file = this.prepare(sequence).catch((error: unknown) => {
      this.onFatal(error);
      return undefined;
    });
    this.spare = { sequence, file };
  }

  /** undefined: closed meanwhile; the unfinished file is removed by the next start. */
  private async prepare(sequence: number): Promise<LogFile | undefined> {
    const unfinished = `${this.directory}/${unfinishedName(sequence)}`;
    const file = await this.fileSystem.create(unfinished);
    const header = segmentHeader(sequence);
    await file.write(header, header.length, 0);
    await writeZeros(file, SEGMENT_HEADER_BYTES, this.segmentBytes, () => !this.closing);
    if (this.closing) {
      await file.close();
      return undefined;
    }
    await file.sync();
    await this.fileSystem.rename(unfinished, `${this.directory}/${segmentName(sequence)}`);
    await this.fileSystem.syncDirectory(this.directory);
    return file;
  }
}
