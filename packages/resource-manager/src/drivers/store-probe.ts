/** While the database fails and nothing else asks it, a small read finds out when it answers again. */
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';

export class StoreProbe {
  private busy = false;

  constructor(
    private readonly applier: BucketApplier,
    private readonly context: ReplicaContext,
  ) {}

  tick(): readonly Promise<void>[] {
    if (this.busy || !this.context.health.failing()) return [];
    return [this.probe()];
  }

  private async probe(): Promise<void> {
    this.busy = true;
    try {
      await this.applier.state().store.listAccounts(null, 1);
      this.context.health.answered();
    } catch {
      // Still failing; the next tick asks again.
    } finally {
      this.busy = false;
    }
  }
}
