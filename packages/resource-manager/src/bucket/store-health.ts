/** Whether the RM's database answers; shared by all its buckets, because they share the database. */
import { Durations, type Clock } from '@mas/values';

export class StoreHealth {
  /** Of checkpoints that were written. */
  readonly checkpointTimes = new Durations();
  failures = 0;
  private isFailing = false;
  private answeredMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly awayMs: number,
    /** Hears when it begins to fail, and when it answers again. */
    private readonly onChange: (failing: boolean) => void,
  ) {
    this.answeredMs = clock.monotonicMs();
  }

  answered(): void {
    this.answeredMs = this.clock.monotonicMs();
    if (!this.isFailing) return;
    this.isFailing = false;
    this.onChange(false);
  }

  failed(): void {
    this.failures += 1;
    if (this.isFailing) return;
    this.isFailing = true;
    this.onChange(true);
  }

  /** Something failed and nothing succeeded since. */
  failing(): boolean {
    return this.isFailing;
  }

  answeredSince(ms: number): boolean {
    return this.answeredMs >= ms;
  }

  /** Failing, and nothing has been heard of it for so long that nobody should wait for it. */
  away(): boolean {
    return this.isFailing && this.clock.monotonicMs() - this.answeredMs >= this.awayMs;
  }
}
