/** Begins something at a steady pace, whatever becomes of what was begun before: who waits for answers asks less while nothing works, and sees less of it. */

const TICK_MS = 10;

export class OpenLoop {
  private readonly waiting = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | null = null;
  private begun = 0;
  private startedMs = 0;

  constructor(
    private readonly perSecond: number,
    private readonly begin: () => Promise<void>,
  ) {}

  start(): void {
    this.startedMs = performance.now();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** Begins nothing more; what is under way goes on. */
  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all(this.waiting);
  }

  private tick(): void {
    const due = Math.floor(((performance.now() - this.startedMs) * this.perSecond) / 1000);
    for (; this.begun < due; this.begun += 1) {
      const beginning = this.begin();
      this.waiting.add(beginning);
      void beginning.finally(() => this.waiting.delete(beginning));
    }
  }
}
