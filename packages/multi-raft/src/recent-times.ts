/** The last few durations of one kind, for a median that a console can show. Bounded, and cheap to add to. */
const KEPT = 64;

export class RecentTimes {
  private readonly samples: number[] = [];
  private next = 0;

  add(durationMs: number): void {
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
