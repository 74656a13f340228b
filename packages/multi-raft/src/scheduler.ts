/**
 * The one scheduler: a queue of groups that have work, each at most once. A turn serves a bounded number of groups,
 * a bounded amount each, then what they want to say leaves, one write per peer, and the event loop gets its turn.
 * A group with more work goes to the end of the queue, so no group waits for another one's backlog.
 */
import type { Clock } from '@mas/values';

export class Scheduler<Item> {
  private queue: Item[] = [];
  private readonly queued = new Set<Item>();
  private isArmed = false;
  private isStopped = false;

  /**
   * @param serve does a bounded amount of an item's work; true: more is waiting.
   * @param afterTurn sends what the turn produced.
   */
  constructor(
    private readonly clock: Clock,
    private readonly maxPerTurn: number,
    private readonly serve: (item: Item) => boolean,
    private readonly afterTurn: () => void,
  ) {}

  enqueue(item: Item): void {
    if (this.isStopped || this.queued.has(item)) return;
    this.queued.add(item);
    this.queue.push(item);
    this.arm();
  }

  get length(): number {
    return this.queue.length;
  }

  /** Nothing runs any more. */
  stop(): void {
    this.isStopped = true;
    this.queue = [];
    this.queued.clear();
  }

  private arm(): void {
    if (this.isArmed) return;
    this.isArmed = true;
    // A later turn of the event loop: whatever other sockets and the disk have ready by then shares this turn.
    this.clock.defer(() => this.turn());
  }

  private turn(): void {
    this.isArmed = false;
    const served = this.queue.splice(0, this.maxPerTurn);
    for (const item of served) {
      this.queued.delete(item);
      if (this.isStopped) return;
      if (this.serve(item)) this.enqueue(item);
    }
    this.afterTurn();
    if (this.queue.length > 0) this.arm();
  }
}
