/** Whether the RM's database answers; shared by all its buckets, because they share the database. */
import type { Clock } from '@mas/values';

export class StoreHealth {
  private failingSinceMs: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly outageMs: number,
    /** Hears when it begins to fail, and when it answers again. */
    private readonly onChange: (failing: boolean) => void,
  ) {}

  answered(): void {
    if (this.failingSinceMs === null) return;
    this.failingSinceMs = null;
    this.onChange(false);
  }

  failed(): void {
    if (this.failingSinceMs !== null) return;
    this.failingSinceMs = this.clock.monotonicMs();
    this.onChange(true);
  }

  /** Something failed and nothing succeeded since. */
  failing(): boolean {
    return this.failingSinceMs !== null;
  }

  /** Failing for so long that a leader should leave its place to a replica whose database answers. */
  down(): boolean {
    return this.failingSinceMs !== null && this.clock.monotonicMs() - this.failingSinceMs >= this.outageMs;
  }
}
