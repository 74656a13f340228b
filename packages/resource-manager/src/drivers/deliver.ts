/**
 * The home's leader tells a decision to the legs in other buckets that have not acknowledged it, and records what
 * has been told. The coordinator tells first, right after its answer; this driver takes over what is older than a
 * second, whoever died. A leg that has ended already answers from memory (instruction-service.ts), so telling it
 * again costs a line in a request and no log entry there; acknowledging costs one small instruction here for all that
 * has been told together. A coordinator may spare even that wait by sending `acknowledge` along with its next requests.
 */
import { acknowledgedTogether, MANY_TOLD_SINCE, type Acknowledge, type Instruction, type OutcomeRow } from '@mas/ledger';
import { slotOfAccount } from '@mas/placement';
import type { InstructionItem, ItemReply, ParticipantReply } from '@mas/two-phase-commit';
import { present, type AccountNumber, type BucketId, type PaymentKey } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import { hasMoved, type BucketExchange } from '../homes/exchange';
import type { Proposer } from '../propose/proposer';
import { Attempts } from './attempts';
import { KnownSince } from './known-since';

interface Untold {
  readonly outcome: OutcomeRow;
  readonly account: AccountNumber;
}

export class DeliveryDriver {
  private readonly attempts: Attempts<PaymentKey>;
  private readonly known: KnownSince<OutcomeRow>;
  /** Destinations with a request under way. */
  private readonly busy = new Set<BucketId>();

  constructor(
    private readonly applier: BucketApplier,
    private readonly proposer: Proposer,
    private readonly exchange: BucketExchange,
    private readonly context: ReplicaContext,
  ) {
    const { clock, config } = context;
    this.attempts = new Attempts(clock, config.driverRetryMs, config.driverRetryMaxMs);
    this.known = new KnownSince(clock);
  }

  tick(): readonly Promise<void>[] {
    const { config, directory } = this.context;
    const nowMs = this.applier.stamps.now();
    const byBucket = new Map<BucketId, Untold[]>();
    const there = new Set<PaymentKey>();
    for (const outcome of this.applier.state().ledger.undelivered()) {
      there.add(outcome.key);
      if (Math.max(nowMs - outcome.decision.atMs, this.known.ageMs(outcome)) < config.deliverAfterMs || !this.attempts.due(outcome.key)) continue;
      for (const { account } of outcome.untold) {
        const bucket = directory.placement().bucketOf(slotOfAccount(account));
        if (this.busy.has(bucket)) continue;
        const untold = byBucket.get(bucket);
        if (untold === undefined) byBucket.set(bucket, [{ outcome, account }]);
        else if (untold.length < config.maxDriverItems) untold.push({ outcome, account });
      }
    }
    this.attempts.prune(there);
    return [...byBucket].map(([bucket, untold]) => this.deliver(bucket, untold));
  }

  private async deliver(bucket: BucketId, untold: readonly Untold[]): Promise<void> {
    this.busy.add(bucket);
    try {
      for (const { outcome } of untold) this.attempts.made(outcome.key);
      await this.context.failpoints.hit('before-deliver', this.applier.bucket);
      for (const [phase, told] of byPhase(untold)) {
        const items: readonly InstructionItem[] = told.map((leg) => ({ instruction: tellingOf(leg), token: null }));
        const reply = await this.exchange.ask(bucket, { kind: 'instructions', bucket, phase, items });
        await this.acknowledge(bucket, told, reply);
      }
    } finally {
      this.busy.delete(bucket);
    }
  }

  private async acknowledge(bucket: BucketId, told: readonly Untold[], reply: ParticipantReply): Promise<void> {
    if (reply.kind !== 'outcomes') {
      this.context.logger.debug({ bucket: this.applier.bucket, to: bucket, legs: told.length, reply: reply.kind }, 'a decision could not be delivered yet');
      return;
    }
    const acknowledged: Acknowledge[] = [];
    for (const [at, { outcome, account }] of told.entries()) {
      if (isTold(present(reply.outcomes[at], 'reply'))) acknowledged.push({ kind: 'acknowledge', key: outcome.key, txn: outcome.txn, accounts: [account] });
      else
        this.context.logger[hasMoved(reply.outcomes[at]) ? 'debug' : 'warn'](
          { bucket: this.applier.bucket, to: bucket, txn: outcome.txn, account, reply: reply.outcomes[at] },
          'a leg did not take the decision; it is told again',
        );
    }
    if (acknowledged.length === 0 || !this.applier.isLeading()) return;
    await this.context.failpoints.hit('before-acknowledge', this.applier.bucket);
    await this.proposer.submit(this.applier.state().ledger.semanticsVersion < MANY_TOLD_SINCE ? acknowledged : acknowledgedTogether(acknowledged));
  }
}

function byPhase(untold: readonly Untold[]): readonly (readonly ['phase-2-commit' | 'phase-2-rollback', readonly Untold[]])[] {
  const committed = untold.filter(({ outcome }) => outcome.decision.kind === 'committed');
  const aborted = untold.filter(({ outcome }) => outcome.decision.kind === 'aborted');
  const phases = [
    ['phase-2-commit', committed],
    ['phase-2-rollback', aborted],
  ] as const;
  return phases.filter(([, legs]) => legs.length > 0);
}

function tellingOf({ outcome, account }: Untold): Instruction {
  const { txn, key, decision } = outcome;
  if (decision.kind === 'committed') return { kind: 'commit', txn, account, commitUs: decision.commitUs };
  const spec = present(
    outcome.body.legs.find((leg) => leg.account === account),
    'leg of an untold account',
  );
  return { kind: 'rollback', txn, key, homeSlot: outcome.slot, account, spec, reason: decision.reason };
}

function isTold(reply: ItemReply): boolean {
  return reply.kind === 'outcome' && reply.outcome.kind === 'leg-ended';
}
