/** How often each of some names came up. Names are constants of the program; should they ever not be, there are no more than a hundred. */
const MAX_NAMES = 100;
const OTHERS = 'OTHER';

export class Tally {
  private readonly counts = new Map<string, number>();

  add(name: string): void {
    const counted = this.counts.has(name) || this.counts.size < MAX_NAMES ? name : OTHERS;
    this.counts.set(counted, (this.counts.get(counted) ?? 0) + 1);
  }

  entries(): Iterable<readonly [string, number]> {
    return this.counts;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.counts.values()) sum += count;
    return sum;
  }
}
