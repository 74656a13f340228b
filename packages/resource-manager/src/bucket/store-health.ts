/** Whether the RM's database answers; shared by all its buckets, because they share the database. */
import type { Clock } from '@mas/values';

export class StoreHealth {
  private failingSinceMs: number | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly outageMs: number,
  ) {}

  answered(): void {
    this.failingSinceMs = null;
  }

  failed(): void {
    this.failingSinceMs ??= this.clock.monotonicMs();
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
