/**
 * Durations of one kind since the process started, as counts between fixed bounds: what a scraper asks for now and then, and what adds
 * nothing to the heap when something is measured.
 */

/** Milliseconds, inclusive; what takes longer stands behind the last one. From an answer in memory to a time-out. */
export const DURATION_BOUNDS_MS: readonly number[] = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

export class Durations {
  /** Between one bound and the next; one more than there are bounds. */
  private readonly counts = new Float64Array(DURATION_BOUNDS_MS.length + 1);
  private sum = 0;

  /** @param times so many took as long */
  add(durationMs: number, times = 1): void {
    let at = 0;
    while (at < DURATION_BOUNDS_MS.length && durationMs > (DURATION_BOUNDS_MS[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + times;
    this.sum += durationMs * times;
  }

  addAll(other: Durations): void {
    for (const [at, count] of other.counts.entries()) this.counts[at] = (this.counts[at] as number) + count;
    this.sum += other.sum;
  }

  get sumMs(): number {
    return this.sum;
  }

  /** How many took at most each bound; the last one is all. */
  cumulative(): readonly number[] {
    let sum = 0;
    return [...this.counts].map((count) => (sum += count));
  }

  static sumOf(all: Iterable<Durations>): Durations {
    const sum = new Durations();
    for (const one of all) sum.addAll(one);
    return sum;
  }
}
