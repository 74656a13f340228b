/**
 * Asks the database with a small read, again and again: that it is away must be known before somebody needs it, for this process may be
 * the one that others would hand over to; and that it is back must be known by a process that leads nothing and has nothing to write.
 */
import { every, type Clock, type Timer } from '@mas/values';
import type { AppliedStore } from '../applied-store';
import type { StoreHealth } from '../bucket/store-health';

export class StoreProbe {
  private timer: Timer | null = null;
  /** When the read under way was sent. */
  private askedMs: number | null = null;

  constructor(
    private readonly store: Pick<AppliedStore, 'buckets'>,
    private readonly health: StoreHealth,
    private readonly clock: Clock,
    private readonly everyMs: number,
    private readonly timeoutMs: number,
  ) {}

  start(): void {
    this.timer = every(this.clock, this.everyMs, () => this.look());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private look(): void {
    const { askedMs } = this;
    if (askedMs === null) void this.ask();
    // One slow read among others that are answered is no outage.
    else if (this.clock.monotonicMs() - askedMs >= this.timeoutMs && !this.health.answeredSince(askedMs)) this.health.failed();
  }

  /** Never rejects. */
  private async ask(): Promise<void> {
    this.askedMs = this.clock.monotonicMs();
    try {
      await this.store.buckets();
      this.health.answered();
    } catch {
      if (this.timer !== null) this.health.failed();
    }
    this.askedMs = null;
  }
}
