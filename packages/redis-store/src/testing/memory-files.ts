/** Segment files in memory, which can be cut, fail, and end with their process in the middle of any step. */
import type { Segment, SegmentFiles } from '../memory/segment-files';

export class MemoryFiles implements SegmentFiles {
  readonly contents = new Map<number, Buffer>();
  /** Steps (appends, removals) until the process ends: in the middle of an append, before a removal. */
  stepsLeft = Infinity;
  failure: Error | null = null;
  /** The most bytes that were there at once. */
  mostBytes = 0;
  steps = 0;

  constructor(
    before: ReadonlyMap<number, Buffer> = new Map(),
    private readonly pieceBytes = 7,
  ) {
    for (const [segment, bytes] of before) this.contents.set(segment, bytes);
  }

  get bytes(): number {
    return [...this.contents.values()].reduce((sum, { length }) => sum + length, 0);
  }

  list(): readonly Segment[] {
    return [...this.contents].map(([segment, { length }]) => ({ segment, bytes: length })).sort((a, b) => a.segment - b.segment);
  }

  read(segment: number, onBytes: (bytes: Buffer) => void): void {
    const bytes = this.contents.get(segment) ?? Buffer.alloc(0);
    const piece = Buffer.alloc(this.pieceBytes);
    for (let at = 0; at < bytes.length; at += piece.length) onBytes(piece.subarray(0, bytes.copy(piece, 0, at)));
  }

  async append(segment: number, bytes: Buffer): Promise<void> {
    await this.step(() => this.add(segment, bytes.subarray(0, bytes.length / 2)));
    this.add(segment, bytes);
  }

  async remove(segment: number): Promise<void> {
    await this.step(() => undefined);
    this.contents.delete(segment);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async step(half: () => void): Promise<void> {
    await Promise.resolve();
    this.steps += 1;
    if (this.stepsLeft === 0) half();
    this.stepsLeft -= 1;
    // A process that has ended does nothing more.
    if (this.stepsLeft < 0) await new Promise(() => undefined);
    if (this.failure !== null) throw this.failure;
  }

  private add(segment: number, bytes: Buffer): void {
    this.contents.set(segment, Buffer.concat([this.contents.get(segment) ?? Buffer.alloc(0), bytes]));
    this.mostBytes = Math.max(this.mostBytes, this.bytes);
  }
}
