/**
 * The sliding window of append messages that are on their way to one follower: a ring that grows on demand
 * (a process hosts thousands of these, most of them idle) up to the limit of messages. The limit of bytes is
 * soft: one message may step over it.
 */
import { invariant } from '@mas/values';
import type { LogIndex } from '../model/ids';

export class Inflights {
  private start = 0;
  private messageCount = 0;
  private bytes = 0;
  /** Last entry index and payload bytes of each message, in two parallel rings of equal length. */
  private lastIndexes: number[] = [];
  private sizes: number[] = [];

  constructor(
    private readonly maxMessages: number,
    private readonly maxBytes: number,
  ) {}

  get count(): number {
    return this.messageCount;
  }

  isFull(): boolean {
    return this.messageCount === this.maxMessages || this.bytes >= this.maxBytes;
  }

  /** Messages are added in the order of their indexes. */
  add(lastIndex: LogIndex, bytes: number): void {
    invariant(!this.isFull(), 'a message is only sent when the window has room');
    if (this.messageCount === this.lastIndexes.length) this.grow();
    const at = (this.start + this.messageCount) % this.lastIndexes.length;
    this.lastIndexes[at] = lastIndex;
    this.sizes[at] = bytes;
    this.messageCount += 1;
    this.bytes += bytes;
  }

  /** The follower acknowledged everything up to `index`. */
  freeUpTo(index: LogIndex): void {
    while (this.messageCount > 0 && (this.lastIndexes[this.start] ?? 0) <= index) {
      this.bytes -= this.sizes[this.start] ?? 0;
      this.start = (this.start + 1) % this.lastIndexes.length;
      this.messageCount -= 1;
    }
    if (this.messageCount === 0) this.start = 0;
  }

  clear(): void {
    this.start = 0;
    this.messageCount = 0;
    this.bytes = 0;
  }

  private grow(): void {
    const capacity = Math.min(Math.max(1, this.lastIndexes.length * 2), this.maxMessages);
    const inOrder = (ring: readonly number[]): number[] => [...ring.slice(this.start), ...ring.slice(0, this.start)];
    const pad = new Array<number>(capacity - this.lastIndexes.length).fill(0);
    this.lastIndexes = inOrder(this.lastIndexes).concat(pad);
    this.sizes = inOrder(this.sizes).concat(pad);
    this.start = 0;
  }
}
