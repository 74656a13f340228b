/**
 * Batching: while a batch is under way, what arrives gathers for the next one, without a timer; on an idle gatherer an
 * item leaves in the same turn of the event loop, together with what that turn still brings. What nobody waits for may be given a moment longer
 * (`idleMs`), for company.
 */
import type { Clock } from '@mas/values';
import { Fifo } from './fifo';

export class Gatherer<Item> {
  private readonly waiting = new Fifo<Item>();
  private underWay = 0;
  private scheduled = false;

  /**
   * @param cap what one batch weighs is this or, by its last item, a little more.
   * @param send never rejects; the next batch leaves when it resolves.
   */
  constructor(
    private readonly clock: Clock,
    private readonly cap: number,
    private readonly concurrency: number,
    private readonly send: (items: readonly Item[]) => Promise<void>,
    private readonly weightOf: (item: Item) => number = () => 1,
    private readonly idleMs = 0,
  ) {}

  get length(): number {
    return this.waiting.length;
  }

  get idle(): boolean {
    return this.waiting.length === 0 && this.underWay === 0;
  }

  /** Unbounded by itself: who adds looks at `length` first, or has a bound on what adds. */
  add(item: Item): void {
    this.waiting.push(item);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.underWay >= this.concurrency || this.waiting.length === 0) return;
    this.scheduled = true;
    const flush = (): void => {
      this.scheduled = false;
      this.flush();
    };
    if (this.idleMs > 0) this.clock.schedule(this.idleMs, flush);
    else this.clock.defer(flush);
  }

  private flush(): void {
    if (this.underWay >= this.concurrency) return;
    const batch: Item[] = [];
    for (let weight = 0; weight < this.cap; ) {
      const item = this.waiting.shift();
      if (item === undefined) break;
      batch.push(item);
      weight += this.weightOf(item);
    }
    if (batch.length === 0) return;
    this.underWay += 1;
    const done = (): void => {
      this.underWay -= 1;
      this.schedule();
    };
    this.send(batch).then(done, done);
    this.schedule();
  }
}
