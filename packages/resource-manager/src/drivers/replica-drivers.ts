/** Looks round at every tick while the replica leads, and lets each driver start what is due. */
import type { Timer } from '@mas/values';
import { isFenced } from '../applied-store';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';

export interface Driver {
  /** Starts what is due; the promises end with it. */
  tick(): readonly Promise<void>[];
}

export class ReplicaDrivers {
  private timer: Timer | null = null;
  private readonly running = new Set<Promise<void>>();
  private lastFailure: string | null = null;

  constructor(
    private readonly applier: BucketApplier,
    private readonly drivers: readonly Driver[],
    private readonly context: ReplicaContext,
  ) {}

  /** The first look is at once. */
  start(): void {
    this.stop();
    this.look();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Resolves once nothing that a driver started is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.running);
  }

  private look(): void {
    if (!this.applier.isLeading()) return;
    this.timer = this.context.clock.schedule(this.context.config.driverTickMs, () => this.look());
    for (const driver of this.drivers) for (const work of driver.tick()) this.follow(work);
  }

  private follow(work: Promise<void>): void {
    const followed = work.catch((error: unknown) => this.failed(error)).finally(() => this.running.delete(followed));
    this.running.add(followed);
  }

  /** A driver reads, asks and proposes: what it could not do it does at a later look. Said once per reason, not at every look. */
  private failed(error: unknown): void {
    if (isFenced(error)) this.context.onFatal(error);
    const reason = error instanceof Error ? error.message : String(error);
    if (reason === this.lastFailure) return;
    this.lastFailure = reason;
    this.context.logger.error({ bucket: this.applier.bucket, err: error }, 'what a leader does of its own accord failed; it is tried again');
  }
}
