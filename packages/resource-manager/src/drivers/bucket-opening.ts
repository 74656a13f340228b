/**
 * A bucket's first entry gives it its slots and policy; whichever replica leads first proposes it, and a repetition
 * changes nothing. Later a configured policy of a higher version replaces the bucket's.
 */
import { SEMANTICS_VERSION, type Instruction } from '@mas/ledger';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { Proposer } from '../propose/proposer';

export class BucketOpening {
  private busy = false;
  private open = false;

  constructor(
    private readonly applier: BucketApplier,
    private readonly proposer: Proposer,
    private readonly context: ReplicaContext,
  ) {}

  /** Once true, true for good: the bucket has its slots and policy. */
  isOpen(): boolean {
    this.open ||= this.applier.state().ledger.meta().policy !== null;
    return this.open;
  }

  tick(): readonly Promise<void>[] {
    if (this.busy) return [];
    const due = this.due();
    return due === null ? [] : [this.propose(due)];
  }

  private due(): Instruction | null {
    const { config, directory } = this.context;
    const { policy, semanticsVersion } = this.applier.state().ledger.meta();
    if (policy !== null) return config.policy.version > policy.version ? { kind: 'set-policy', policy: config.policy, semanticsVersion, subject: { kind: 'system' } } : null;
    const { map } = directory.placement();
    const placed = map.buckets.find(({ bucket }) => bucket === this.applier.bucket);
    return placed === undefined ? null : { kind: 'genesis', slots: placed.slots, epoch: map.version, policy: config.policy, semanticsVersion: SEMANTICS_VERSION };
  }

  private async propose(instruction: Instruction): Promise<void> {
    this.busy = true;
    try {
      const [fate] = await this.proposer.submit([instruction]);
      const { logger, config } = this.context;
      if (fate?.kind === 'applied') logger.info({ bucket: this.applier.bucket, policyVersion: config.policy.version }, instruction.kind === 'genesis' ? 'the bucket is open' : 'the bucket has a new policy');
    } finally {
      this.busy = false;
    }
  }
}
