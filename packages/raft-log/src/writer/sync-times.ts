/** How long syncs took: a ring of the last ones, sorted when somebody asks, and all of them in counts. */
import { Durations } from '@mas/values';

const KEPT = 512;

export class SyncTimes {
  private readonly ring = new Float64Array(KEPT);
  readonly all = new Durations();
  private count = 0;

  add(durationMs: number): void {
    this.ring[this.count % KEPT] = durationMs;
    this.count += 1;
    this.all.add(durationMs);
  }

  /** null before the first. */
  quantile(fraction: number): number | null {
    const sorted = this.ring.slice(0, Math.min(this.count, KEPT)).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? null;
  }
}
