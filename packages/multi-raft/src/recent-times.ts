/** The last few durations of one kind, for a median that a console can show, and all of them in counts. Bounded, and cheap to add to. */
import { Durations } from '@mas/values';

const KEPT = 64;

export class RecentTimes {
  readonly all = new Durations();
  private readonly samples: number[] = [];
  private next = 0;

  add(durationMs: number): void {
    this.all.add(durationMs);
    this.samples[this.next] = durationMs;
    this.next = (this.next + 1) % KEPT;
  }

  /** null: nothing was measured yet. */
  p50Ms(): number | null {
    if (this.samples.length === 0) return null;
    const sorted = [...this.samples].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }
}
