/** The leader proposes the end of authorizations and locks whose time is over; apply decides by the entry's stamp. */
import type { Instruction } from '@mas/ledger';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { Proposer } from '../propose/proposer';

export class ExpiryDriver {
  private busy = false;

  constructor(
    private readonly applier: BucketApplier,
    private readonly proposer: Proposer,
    private readonly context: ReplicaContext,
  ) {}

  tick(): readonly Promise<void>[] {
    if (this.busy) return [];
    const expired = this.expired();
    return expired.length === 0 ? [] : [this.propose(expired)];
  }

  private expired(): readonly Instruction[] {
    const { config } = this.context;
    const { ledger } = this.applier.state();
    const nowMs = this.applier.stamps.now();
    const instructions: Instruction[] = [];
    for (const { account, txn, reservation } of ledger.openAuthorizations()) {
      if (instructions.length === config.maxDriverItems) return instructions;
      if (reservation?.status === 'open' && reservation.expiresAtMs <= nowMs) instructions.push({ kind: 'expire', account, txn });
    }
    // A lock is out of force by itself. Its row lingers, so that a release that is late still finds its own.
    for (const { slot, lockId, owner, untilMs } of ledger.locks()) {
      if (instructions.length === config.maxDriverItems) break;
      if (untilMs + config.lockLingerMs <= nowMs) instructions.push({ kind: 'release-lock', slot, lockId, owner });
    }
    return instructions;
  }

  private async propose(instructions: readonly Instruction[]): Promise<void> {
    this.busy = true;
    try {
      await this.proposer.submit(instructions);
    } finally {
      this.busy = false;
    }
  }
}
