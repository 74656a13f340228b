/**
 * A bucket's first entry gives it its slots and policy; whichever replica leads first proposes it, and a repetition
 * changes nothing. Later a configured policy of a higher version replaces the bucket's, and a newer meaning of instructions
 * takes effect once the programs of all its replicas know it: one that did not would stop there (semantics.ts).
 */
import { SEMANTICS_VERSION, type Instruction } from '@mas/ledger';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import type { Proposer } from '../propose/proposer';

/** How often the leader of an older bucket asks what its replicas' programs know, and how long one has for an answer. */
const ASK_EVERY_MS = 5_000;
const ASK_TIMEOUT_MS = 2_000;
/** The founders' slots are given once, whatever version the map has by then. */
const GENESIS_EPOCH = 1;

export class BucketOpening {
  private busy = false;
  private open = false;
  private askAtMs = 0;

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
    if (due !== null) return [this.propose(due)];
    return this.mayRaise() ? [this.raise()] : [];
  }

  private due(): Instruction | null {
    const { config, directory, host } = this.context;
    const { policy, semanticsVersion } = this.applier.state().ledger.meta();
    if (policy !== null)
      return config.policy.version > policy.version ? { kind: 'set-policy', policy: config.policy, semanticsVersion, subject: { kind: 'system' } } : null;
    const { map } = directory.placement();
    const placed = map.buckets.find(({ bucket }) => bucket === this.applier.bucket);
    // The first entry of all has its time from one clock alone where none is agreed on. That is as it must be when a cluster is founded; a later bucket, which nobody waits for, waits.
    if (placed === undefined || (placed.slots.length === 0 && host.agreedMs() === null)) return null;
    return { kind: 'genesis', slots: placed.slots, epoch: GENESIS_EPOCH, policy: config.policy, semanticsVersion: SEMANTICS_VERSION };
  }

  private mayRaise(): boolean {
    const { policy, semanticsVersion } = this.applier.state().ledger.meta();
    return policy !== null && semanticsVersion < SEMANTICS_VERSION && this.context.clock.monotonicMs() >= this.askAtMs;
  }

  private async raise(): Promise<void> {
    this.busy = true;
    this.askAtMs = this.context.clock.monotonicMs() + ASK_EVERY_MS;
    try {
      const known = await this.knownEverywhere();
      const { policy, semanticsVersion } = this.applier.state().ledger.meta();
      if (policy !== null && known > semanticsVersion) await this.submit({ kind: 'set-policy', policy, semanticsVersion: known, subject: { kind: 'system' } });
    } finally {
      this.busy = false;
    }
  }

  /** The newest version that all replicas know; 0 while one of them does not say. */
  private async knownEverywhere(): Promise<number> {
    const { directory, participants, rm: self } = this.context;
    const others = directory
      .placement()
      .replicasOf(this.applier.bucket)
      .filter((rm) => rm !== self);
    const replies = await Promise.all(others.map((rm) => participants.send(rm, { kind: 'status' }, ASK_TIMEOUT_MS)));
    return Math.min(
      SEMANTICS_VERSION,
      ...replies.map((reply) => (reply.kind === 'status' ? (reply.replicas.find(({ bucket }) => bucket === this.applier.bucket)?.knownSemantics ?? 0) : 0)),
    );
  }

  private async propose(instruction: Instruction): Promise<void> {
    this.busy = true;
    try {
      await this.submit(instruction);
    } finally {
      this.busy = false;
    }
  }

  private async submit(instruction: Instruction): Promise<void> {
    const [fate] = await this.proposer.submit([instruction]);
    const { logger, config } = this.context;
    if (fate?.kind !== 'applied') return;
    const { semanticsVersion } = this.applier.state().ledger.meta();
    logger.info(
      { bucket: this.applier.bucket, policyVersion: config.policy.version, semanticsVersion },
      instruction.kind === 'genesis' ? 'the bucket is open' : 'the bucket has a new policy, or a new meaning of its instructions',
    );
  }
}
