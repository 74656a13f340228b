/**
 * GetPayment: a terminal entry in Redis is believed, with its timeline; PENDING or nothing is not, then the home says
 * what it has recorded. A payment that Redis has forgotten gets its timeline from the buckets of its legs. One that neither
 * knows is PENDING all the same while this coordinator knows that its caller heard UNKNOWN and it has not ended.
 */
import type { OutcomeRow } from '@mas/ledger';
import type { GlobalTransaction, Unreachable } from '@mas/two-phase-commit';
import { splitPaymentKey, within, type AccountNumber, type Clock, type PaymentKey, type Slot, type TxnId } from '@mas/values';
import type { Caller, PaymentView, Reply } from '../coordinator-service';
import { entryOf } from '../journal/transaction-entry';
import type { Unfinished } from '../operations/unfinished';
import { identityOf, mayRead } from '../payment/identity';
import { failure, success, unreached } from '../reply';
import { isUnreachable, type BucketLink } from '../transport/bucket-link';
import type { TimelineStep, TransactionEntry, TxnCoordinatorDAO } from '../txn-coordinator-dao';
import type { LegFinder } from './leg-finder';

/** Of steps in the same millisecond. */
const ORDER = ['prepared', 'decided', 'told'];
/** Redis gets so long to answer a read that can do without it. */
const REDIS_PATIENCE_MS = 200;

export class PaymentViews {
  constructor(
    private readonly dao: TxnCoordinatorDAO,
    private readonly link: BucketLink,
    private readonly legFinder: LegFinder,
    private readonly clock: Clock,
    private readonly unfinished: Unfinished,
    private readonly coordinator: string,
  ) {}

  async get(
    caller: Caller,
    payment: { readonly kind: 'id'; readonly id: string } | { readonly kind: 'txn'; readonly txn: TxnId; readonly account: AccountNumber },
  ): Promise<Reply<PaymentView>> {
    if (payment.kind === 'id') {
      const identity = identityOf(caller.subject, payment.id);
      return identity.ok ? this.byKey(caller, identity.value.key, identity.value.homeSlot, null) : identity;
    }
    if (!mayRead(caller.subject, payment.account))
      return failure('permission-denied', 'NOT_AUTHORIZED', `The token may not read account ${payment.account}.`, 'account');
    const leg = await this.legFinder.find(payment.account, payment.txn, caller.token, caller.deadlineMs);
    if (!leg.ok) return leg;
    if (leg.value === null) return this.open(({ plan }) => plan.txn === payment.txn && plan.body.legs.some(({ account }) => account === payment.account));
    return this.byKey(caller, leg.value.key, leg.value.homeSlot, payment.txn);
  }

  private async byKey(caller: Caller, key: PaymentKey, homeSlot: Slot, txn: TxnId | null): Promise<Reply<PaymentView>> {
    const entry = await this.entry(key);
    const matching = entry !== null && (txn === null || entry.txn === txn) ? entry : null;
    const final = matching !== null && matching.state !== 'PENDING' ? matching : null;
    // Redis does not know what operators forced; who may force may also see it, and only the home is asked for that.
    if (final !== null && caller.subject.kind !== 'operator') return success(viewOfEntry(key, final));
    const row = await this.link.query(key, homeSlot, caller.deadlineMs);
    if (isUnreachable(row)) return final === null ? silent(row) : success(viewOfEntry(key, final));
    // What binds the id of an account's creation or change is no payment.
    if (row !== null && row.body.legs.length === 0) return notFound();
    if (row !== null) return success(viewOfRow(key, row, matching, matching === null ? await this.timeline(row, caller.deadlineMs) : matching.timeline));
    return matching === null ? this.open(({ plan }) => plan.key === key && (txn === null || plan.txn === txn)) : success(viewOfEntry(key, matching));
  }

  private open(isIt: (transaction: GlobalTransaction) => boolean): Reply<PaymentView> {
    const found = this.unfinished.find(isIt);
    return found === null ? notFound() : success(viewOfEntry(found.plan.key, entryOf(found, this.coordinator)));
  }

  /** What the buckets remember, for a payment that Redis has forgotten. A leg's bucket that does not answer is left out. */
  private async timeline({ txn, body, decision, slot }: OutcomeRow, untilMs: number): Promise<readonly TimelineStep[]> {
    const verdict = decision.kind === 'committed' ? 'COMMITTED' : `ABORTED ${decision.reason.name}`;
    const steps: TimelineStep[] = [{ atMs: decision.atMs, step: 'decided', bucket: this.link.bucketOf(slot), detail: verdict }];
    const legs = await Promise.all(body.legs.map(({ account }) => this.legFinder.find(account, txn, null, untilMs)));
    for (const found of legs) {
      if (!found.ok || found.value === null) continue;
      const leg = found.value;
      const bucket = this.link.bucketOf(leg.slot);
      if (leg.body !== null) steps.push({ atMs: leg.preparedAtMs, step: 'prepared', bucket, detail: leg.account });
      if (leg.endedAtMs !== null) steps.push({ atMs: leg.endedAtMs, step: 'told', bucket, detail: leg.account });
    }
    return steps.sort((a, b) => a.atMs - b.atMs || ORDER.indexOf(a.step) - ORDER.indexOf(b.step));
  }

  private entry(key: PaymentKey): Promise<TransactionEntry | null> {
    const asked = this.dao.transactions([key]).then(
      ([entry]) => entry ?? null,
      () => null,
    );
    return within(this.clock, REDIS_PATIENCE_MS, asked, null);
  }
}

/** The home's record where there is one; times from Redis. */
function viewOfRow(key: PaymentKey, row: OutcomeRow, entry: TransactionEntry | null, timeline: readonly TimelineStep[]): PaymentView {
  const { txn, body, decision } = row;
  const state = decision.kind === 'committed' ? 'COMMITTED' : 'ABORTED';
  const reason = decision.kind === 'aborted' ? decision.reason : null;
  const steps = row.forced.length === 0 ? timeline : [...timeline, ...forcedSteps(row)].sort((a, b) => a.atMs - b.atMs);
  return {
    ...splitPaymentKey(key),
    txn,
    state,
    body,
    reason,
    createdAtMs: entry?.createdAtMs ?? null,
    endedAtMs: decision.atMs,
    commitUs: decision.kind === 'committed' ? decision.commitUs : null,
    timeline: steps,
    outcome: row,
  };
}

function forcedSteps({ forced, txn }: OutcomeRow): readonly TimelineStep[] {
  return forced.map((one) => ({
    atMs: one.askedAtMs,
    step: 'forced',
    bucket: null,
    detail: `RESOLVE by ${one.operator}${one.txn === txn ? '' : ` of transaction ${one.txn}`}`,
  }));
}

function viewOfEntry(key: PaymentKey, entry: TransactionEntry): PaymentView {
  const { txn, state, body, reason, createdAtMs, endedAtMs, commitUs, timeline } = entry;
  return { ...splitPaymentKey(key), txn, state, body, reason, createdAtMs, endedAtMs, commitUs, timeline, outcome: null };
}

function silent(silence: Unreachable): Reply<never> {
  return unreached(silence, 'HOME_UNAVAILABLE', 'The bucket that keeps this payment does not answer; try again.');
}

function notFound(): Reply<never> {
  return failure('not-found', 'PAYMENT_NOT_FOUND', 'No payment of this caller has that id.', 'id');
}
