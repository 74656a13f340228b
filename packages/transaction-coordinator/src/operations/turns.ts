/**
 * Work that several Resource Managers do together, each of them a little at a time: what one reads of its database it reads on one of few connections, which
 * others need as well, and whoever waits for one would not be where the others are.
 */
import type { RmId } from '@mas/values';

interface Waiting {
  readonly rms: readonly RmId[];
  readonly start: () => void;
}

export class Turns {
  private readonly busy = new Map<RmId, number>();
  private waiting: Waiting[] = [];

  /** @param atOnce by one Resource Manager: more than one, so that one that is stuck does not hold up everything */
  constructor(private readonly atOnce: number) {}

  /** As soon as all of `rms` are free for it; in the order of the calls where they share one. */
  async of<Value>(rms: readonly RmId[], work: () => Promise<Value>): Promise<Value> {
    await new Promise<void>((start) => {
      this.waiting.push({ rms, start });
      this.next();
    });
    try {
      return await work();
    } finally {
      for (const rm of rms) this.busy.set(rm, this.workOf(rm) - 1);
      this.next();
    }
  }

  private next(): void {
    const passedOver = new Set<RmId>();
    this.waiting = this.waiting.filter(({ rms, start }) => {
      if (rms.some((rm) => passedOver.has(rm) || this.workOf(rm) >= this.atOnce)) {
        for (const rm of rms) passedOver.add(rm);
        return true;
      }
      for (const rm of rms) this.busy.set(rm, this.workOf(rm) + 1);
      start();
      return false;
    });
  }

  private workOf(rm: RmId): number {
    return this.busy.get(rm) ?? 0;
  }
}
