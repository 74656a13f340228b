/**
 * Whether the RM's database answers, and takes what is written; shared by all its buckets, because they share the database. One whose disk is full answers
 * every read: where no read has failed, only a write that succeeds takes a write's failure back.
 */
import { Durations, type BucketId, type Clock } from '@mas/values';

export class StoreHealth {
  /** Of checkpoints that were written. */
  readonly checkpointTimes = new Durations();
  failures = 0;
  private isSilent = false;
  /** Since it answered last. */
  private hasReadFailed = false;
  /** Whose last checkpoint was not taken. */
  private readonly unwritten = new Set<BucketId>();
  private wasFailing = false;
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
    this.isSilent = false;
    // It was away, and is back: what it makes of writes the next one will show.
    if (this.hasReadFailed) this.unwritten.clear();
    this.hasReadFailed = false;
    this.judge();
  }

  /** Nothing, or a failure, is what a read was answered with. */
  failed(): void {
    this.failures += 1;
    this.isSilent = true;
    this.hasReadFailed = true;
    this.judge();
  }

  /** A checkpoint of the bucket was not taken: it is tried again. */
  writeFailed(bucket: BucketId): void {
    this.failures += 1;
    this.isSilent = true;
    this.unwritten.add(bucket);
    this.judge();
  }

  /** … or it was, or there are no more of it. */
  writes(bucket: BucketId): void {
    this.unwritten.delete(bucket);
    this.judge();
  }

  /** Something failed and nothing of the kind has succeeded since. */
  failing(): boolean {
    return this.isSilent || this.unwritten.size > 0;
  }

  answeredSince(ms: number): boolean {
    return this.answeredMs >= ms;
  }

  /** Silent, and nothing has been heard of it for so long that nobody should wait for it. */
  away(): boolean {
    return this.isSilent && this.clock.monotonicMs() - this.answeredMs >= this.awayMs;
  }

  private judge(): void {
    const isFailing = this.failing();
    if (isFailing === this.wasFailing) return;
    this.wasFailing = isFailing;
    this.onChange(isFailing);
  }
}
