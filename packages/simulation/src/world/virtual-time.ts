/**
 * The one clock of a simulated world: a queue of events in the order of their times. Between two events everything that
 * promises can do is done, and takes no time; so equal programs give equal histories, and no real time ever enters.
 */
interface Event {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** So many events at one moment are a loop, not a history. */
const MAX_EVENTS_AT_ONE_MOMENT = 200_000;

/** Steps in one turn of the real event loop. */
const IMMEDIATES = 64;

export class VirtualTime {
  private nowMs_ = 0;
  private order = 0;
  private eventsNow = 0;
  /** A binary heap by (dueMs, order). */
  private readonly heap: Event[] = [];
  /** Events so far; for figures. */
  events = 0;

  nowMs(): number {
    return this.nowMs_;
  }

  /** @returns what cancels it. */
  at(delayMs: number, run: () => void): () => void {
    this.order += 1;
    const event: Event = { dueMs: this.nowMs_ + Math.max(0, delayMs), order: this.order, run, isCancelled: false };
    this.push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.at(delayMs, resolve));
  }

  /** Lets time pass until `endMs`, or until the condition holds (looked at after every event). */
  runUntil(endMs: number, condition: () => boolean = () => false): Promise<boolean> {
    return inTurns(() => {
      for (;;) {
        if (condition()) return true;
        const next = this.heap[0];
        if (next === undefined || next.dueMs > endMs) {
          this.nowMs_ = Math.max(this.nowMs_, endMs);
          return false;
        }
        this.pop();
        if (next.isCancelled) continue;
        this.advanceTo(next.dueMs);
        next.run();
        return null;
      }
    });
  }

  /** Runs until the work is done. @throws what it throws, or when it does not end in time. */
  async until<Value>(work: Promise<Value>, limitMs: number, what: string): Promise<Value> {
    let done = false;
    const ended = work.finally(() => (done = true));
    ended.catch(() => undefined);
    if (!(await this.runUntil(this.nowMs_ + limitMs, () => done))) throw new Error(`${what}: not within ${limitMs} virtual ms`);
    return ended;
  }

  private advanceTo(dueMs: number): void {
    this.events += 1;
    this.eventsNow = dueMs > this.nowMs_ ? 0 : this.eventsNow + 1;
    if (this.eventsNow > MAX_EVENTS_AT_ONE_MOMENT) throw new Error(`${MAX_EVENTS_AT_ONE_MOMENT} events at ${this.nowMs_} ms without time passing: a loop`);
    this.nowMs_ = Math.max(this.nowMs_, dueMs);
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let least = 2 * at + 1;
      let below = heap[least];
      if (below === undefined) break;
      const right = heap[least + 1];
      if (right !== undefined && isBefore(right, below)) {
        least += 1;
        below = right;
      }
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = least;
    }
    heap[at] = last;
  }
}

/**
 * Takes steps, one an immediate, until one is not null: every promise that can settle has done so before each of them, for
 * Node empties the queues of ticks and microtasks between two immediates. They are ordered many at a time, because a turn of the
 * event loop, with its system calls, costs as much as an event.
 */
function inTurns<Value>(step: () => Value | null): Promise<Value> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const turn = (isLast: boolean): void => {
      if (isOver) return;
      try {
        const value = step();
        if (value === null) return isLast ? order() : undefined;
        isOver = true;
        resolve(value);
      } catch (error) {
        isOver = true;
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const order = (): void => {
      for (let at = 1; at <= IMMEDIATES; at += 1) setImmediate(turn, at === IMMEDIATES);
    };
    order();
  });
}

function isBefore(a: Event, b: Event): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
