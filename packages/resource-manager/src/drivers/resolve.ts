/**
 * The leader of a leg that has been prepared for long asks its home to decide, and ends the leg as the home says. So
 * no payment waits for a particular coordinator to come back. RESOLVE records an abort where nothing is recorded
 * yet: a coordinator that was only slow is refused afterwards.
 */
import type { Instruction, LegRow } from '@mas/ledger';
import type { InstructionItem, ItemOutcome, ItemReply } from '@mas/two-phase-commit';
import { present, type BucketId, type TxnId } from '@mas/values';
import type { BucketApplier } from '../bucket/bucket-applier';
import type { ReplicaContext } from '../bucket/replica-context';
import { hasMoved, type BucketExchange } from '../homes/exchange';
import { verdictOf } from '../homes/home-querier';
import { endingOf } from '../homes/leg-ending';
import type { Proposer } from '../propose/proposer';
import { legKey, type LegKey } from '../rows/row-table';
import { Attempts } from './attempts';
import { KnownSince } from './known-since';

export class ResolutionDriver {
  private readonly attempts: Attempts<LegKey>;
  private readonly known: KnownSince<LegRow>;
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
    const byHome = new Map<BucketId, LegRow[]>();
    const there = new Set<LegKey>();
    for (const leg of this.applier.state().ledger.preparedLegs()) {
      if (Math.max(nowMs - leg.preparedAtMs, this.known.ageMs(leg)) < config.resolveAfterMs) continue;
      const key = legKey(leg.account, leg.txn);
      there.add(key);
      const home = directory.placement().bucketOf(leg.homeSlot);
      if (this.busy.has(home) || !this.attempts.due(key)) continue;
      const legs = byHome.get(home);
      if (legs === undefined) byHome.set(home, [leg]);
      else if (legs.length < config.maxDriverItems) legs.push(leg);
    }
    this.attempts.prune(there);
    return [...byHome].map(([home, legs]) => this.resolve(home, legs));
  }

  private async resolve(home: BucketId, legs: readonly LegRow[]): Promise<void> {
    this.busy.add(home);
    try {
      for (const leg of legs) this.attempts.made(legKey(leg.account, leg.txn));
      const items = legs.map(resolutionOf);
      const reply = await this.exchange.ask(home, { kind: 'instructions', bucket: home, phase: 'phase-2-rollback', items });
      if (reply.kind !== 'outcomes') {
        this.context.logger.debug({ bucket: this.applier.bucket, home, legs: legs.length, reply: reply.kind }, 'a home could not be asked yet');
        return;
      }
      const endings = legs.map((leg, at) => this.ending(leg, present(reply.outcomes[at], 'reply'))).filter((ending) => ending !== null);
      if (endings.length > 0 && this.applier.isLeading()) await this.proposer.submit(endings);
    } finally {
      this.busy.delete(home);
    }
  }

  private ending(leg: LegRow, reply: ItemReply): Instruction | null {
    const recorded = reply.kind === 'outcome' ? recordOf(leg.txn, reply.outcome) : null;
    if (recorded === null) {
      const level = hasMoved(reply) ? 'debug' : 'warn';
      this.context.logger[level]({ bucket: this.applier.bucket, txn: leg.txn, account: leg.account, reply }, 'a home did not resolve a leg; it is asked again');
      return null;
    }
    this.context.logger.info(
      { bucket: this.applier.bucket, txn: leg.txn, account: leg.account, decision: recorded.txn === leg.txn ? recorded.decision.kind : 'aborted' },
      'an undecided leg was resolved by its home',
    );
    return endingOf(leg, verdictOf(leg.txn, recorded));
  }
}

function resolutionOf(leg: LegRow): InstructionItem {
  const body = present(leg.body, 'body of a prepared leg');
  return {
    instruction: { kind: 'resolve', txn: leg.txn, key: leg.key, homeSlot: leg.homeSlot, body, subject: { kind: 'system' }, askedAtMs: null },
    token: null,
  };
}

function recordOf(txn: TxnId, outcome: ItemOutcome): Parameters<typeof verdictOf>[1] {
  if (outcome.kind === 'decided') return { txn, decision: outcome.outcome.decision };
  return outcome.kind === 'conflict' ? outcome.bound : null;
}
