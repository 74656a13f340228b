/**
 * Rows at rest and the histories that belong to them, written consistently and open to change. Sums and journals are kept as
 * a bucket keeps them, so that what is written here is sound until a test lays its hand on it.
 */
import { buildsOnLeg, directionOf, PaymentBody, type AbortReason, type AccountRow, type LegRow, type OutcomeRow } from '@mas/ledger';
import { genesisPlacement, PlacementIndex, slotOfAccount } from '@mas/placement';
import type { PaymentResult } from '@mas/transaction-coordinator';
import { accountNumber, ok, present, rmId, txnId, type AccountNumber, type PaymentKey, type TxnId } from '@mas/values';
import { finalState, fixedPlaces, History, HoldsSeen, type BucketRows, type DecisionSeen, type Evidence, type PaymentHistory } from '../index';
import type { Mutable } from './mutable';
import { ANSWERED_MS, askedFor, bodyOf, DECIDED_MS, ENDED_MS, keyOf, PREPARED_MS, SCOPE, USD, type Plan } from './plan';

export class LedgerDraft {
  readonly history = new History();
  readonly decisions = new Map<PaymentKey, Mutable<DecisionSeen>>();
  readonly holds = new HoldsSeen();
  readonly placement = new PlacementIndex(
    genesisPlacement(
      [1, 2, 3].map((rm) => ({ rm: rmId(rm), address: `rm-${rm}:1` })),
      2,
      3,
    ),
  );
  readonly buckets: Mutable<BucketRows>[] = this.placement.map.buckets.map(({ bucket, slots }) => ({
    bucket,
    appliedIndex: 9,
    meta: {
      bucket,
      stampMs: 0,
      momentUs: 0,
      momentsSinceUs: 0,
      rev: 0,
      lockSeq: 9,
      policy: null,
      semanticsVersion: 8,
      slots: [...slots],
      epoch: 1,
      issued: new Map(),
      totals: new Map(),
      accountCount: 0,
      moves: { seqBase: 0, moved: [], departing: [], arriving: [] },
    },
    accounts: [],
    legs: [],
    outcomes: [],
    locks: [],
  }));
  private lastTxn = 0;

  evidence(): Evidence {
    return { state: finalState(this.buckets), history: this.history, decisions: this.decisions, holds: this.holds, places: fixedPlaces(this.placement) };
  }

  open(name: string, openingMinor: bigint, minimumMinor: bigint): void {
    const number = accountNumber(name);
    const slot = slotOfAccount(number);
    const key = keyOf(`open-${name}`);
    const { accounts, outcomes, meta } = this.bucketOf(name);
    const createdBy = { key, txn: this.nextTxn() };
    accounts.push({
      slot,
      number,
      currency: USD,
      status: 'open',
      owner: name,
      balanceMinor: openingMinor,
      holdsMinor: 0n,
      pendingCreditsMinor: 0n,
      minimumMinor,
      rev: 1,
      lastSeq: 0,
      journalSeq: 0,
      createdAtMs: 0,
      createdUs: 0,
      createdBy,
    });
    outcomes.push({
      slot,
      ...createdBy,
      body: PaymentBody.of({ kind: 'payment', legs: [], reference: null, expiresAtMs: null, memo: `open ${name}` }),
      subject: { kind: 'system' },
      decision: { kind: 'committed', atMs: 0, commitUs: 0 },
      balances: [],
      untold: [],
      forced: [],
    });
    for (const sums of [meta?.issued, meta?.totals]) sums?.set(USD, (sums.get(USD) ?? 0n) + openingMinor);
    if (meta !== null) meta.accountCount += 1;
    this.history.accounts.set(number, { number, currency: USD, openingMinor, minimumMinor, startMs: 0, createdMs: 1 });
    this.history.otherRequests.push({ key, what: `the creation of account ${name}`, heard: 'done' });
  }

  commit(plan: Plan): void {
    const outcome = this.record(plan, { kind: 'committed', atMs: plan.startMs + DECIDED_MS, commitUs: (plan.startMs + DECIDED_MS) * 1000 });
    for (const spec of outcome.body.legs) {
      const leg = this.addLeg(outcome, spec.account, plan.startMs);
      const account = this.account(spec.account);
      const direction = directionOf(spec.effect);
      this.move(spec.account, BigInt(direction) * spec.amountMinor);
      if (direction !== 0) leg.journal = { seq: (account.journalSeq += 1), balanceAfterMinor: account.balanceMinor };
      if (spec.effect === 'authorize') {
        leg.reservation = { status: 'open', expiresAtMs: plan.startMs + 600_000, reservedMinor: spec.amountMinor, consumedBy: null };
        account.holdsMinor += spec.amountMinor;
      }
      if (plan.reference !== undefined && buildsOnLeg(spec.effect)) this.buildOn(this.leg(plan.reference, spec.account), leg);
      if (account.slot === outcome.slot) outcome.balances.push({ account: spec.account, balanceMinor: account.balanceMinor, rev: account.rev });
    }
    this.tell(plan, {
      kind: 'committed',
      txn: outcome.txn,
      atMs: outcome.decision.atMs,
      body: bodyOf(plan, outcome.body.reference),
      balances: outcome.balances.map(({ account, balanceMinor }) => ({ account, balanceMinor })),
    });
  }

  abort(plan: Plan, reason: AbortReason): void {
    const outcome = this.record(plan, { kind: 'aborted', atMs: plan.startMs + DECIDED_MS, reason });
    for (const account of plan.preparedOn ?? []) Object.assign(this.addLeg(outcome, accountNumber(account), plan.startMs), { state: 'aborted', reason });
    this.tell(plan, { kind: 'aborted', txn: outcome.txn, atMs: outcome.decision.atMs, body: bodyOf(plan, outcome.body.reference), reason: { ...reason } });
  }

  /** Nothing is recorded: every attempt was refused before. */
  refuse(plan: Plan): void {
    this.ask(plan);
    this.payment(plan.id).attempts.forEach((attempt) => {
      attempt.endMs = attempt.startMs + ANSWERED_MS;
      attempt.answer = { ok: false, error: { kind: 'invalid', reason: 'MEMO_TOO_LONG', field: 'memo', message: 'The memo is too long.', facts: {} } };
    });
  }

  /** Adds to a balance and to its bucket's total. */
  move(name: string, deltaMinor: bigint): void {
    const totals = this.bucketOf(name).meta?.totals;
    this.account(name).balanceMinor += deltaMinor;
    totals?.set(USD, (totals.get(USD) ?? 0n) + deltaMinor);
  }

  nextTxn(): TxnId {
    this.lastTxn += 1;
    return txnId(this.lastTxn.toString(16).padStart(8, '0').padEnd(64, '0'));
  }

  bucketOf(name: string): Mutable<BucketRows> {
    const bucket = this.placement.bucketOf(slotOfAccount(accountNumber(name)));
    return present(
      this.buckets.find((rows) => rows.bucket === bucket),
      `bucket of ${name}`,
    );
  }

  account(name: string): Mutable<AccountRow> {
    return present(
      this.bucketOf(name).accounts.find((row) => row.number === name),
      `account ${name}`,
    );
  }

  leg(id: string, account: string): Mutable<LegRow> {
    return present(
      this.bucketOf(account).legs.find((leg) => leg.key === keyOf(id) && leg.account === account),
      `leg of ${id} on ${account}`,
    );
  }

  outcome(id: string): Mutable<OutcomeRow> {
    return present(
      this.buckets.flatMap((rows) => rows.outcomes).find((outcome) => outcome.key === keyOf(id)),
      `outcome of ${id}`,
    );
  }

  payment(id: string): PaymentHistory {
    return present(this.history.payments.get(keyOf(id)), `history of ${id}`);
  }

  decision(id: string): Mutable<DecisionSeen> {
    return present(this.decisions.get(keyOf(id)), `decision of ${id}`);
  }

  private ask(plan: Plan): void {
    const request = askedFor(plan);
    const subject = { kind: 'operator', name: SCOPE } as const;
    this.history.payments.set(keyOf(plan.id), {
      key: keyOf(plan.id),
      id: plan.id,
      subject,
      request,
      attempts: [{ tm: 'tm-1', startMs: plan.startMs, endMs: null, answer: null, request }],
    });
  }

  private tell({ id, startMs, isAnswered }: Plan, result: PaymentResult): void {
    const [attempt] = this.payment(id).attempts;
    if (attempt !== undefined && isAnswered !== false) Object.assign(attempt, { endMs: startMs + ANSWERED_MS, answer: ok(result) });
  }

  /** At home, which is where the first leg's account lives. */
  private record(plan: Plan, decision: Mutable<OutcomeRow>['decision']): Mutable<OutcomeRow> {
    this.ask(plan);
    const key = keyOf(plan.id);
    const home = present(plan.legs[0], 'first leg')[0];
    const reference = plan.reference === undefined ? null : { key: keyOf(plan.reference), txn: this.outcome(plan.reference).txn };
    const outcome: Mutable<OutcomeRow> = {
      slot: slotOfAccount(accountNumber(home)),
      key,
      txn: this.nextTxn(),
      body: bodyOf(plan, reference),
      subject: { kind: 'operator', name: SCOPE },
      decision,
      balances: [],
      untold: [],
      forced: [],
    };
    this.bucketOf(home).outcomes.push(outcome);
    this.decisions.set(key, { txn: outcome.txn, kind: decision.kind, firstMs: decision.atMs });
    return outcome;
  }

  private addLeg({ txn, key, slot, subject, body }: Mutable<OutcomeRow>, number: AccountNumber, startMs: number): Mutable<LegRow> {
    const account = this.account(number);
    const spec = {
      ...present(
        body.legs.find((leg) => leg.account === number),
        `leg on ${number}`,
      ),
    };
    const [preparedAtMs, endedAtMs] = [startMs + PREPARED_MS, startMs + ENDED_MS];
    account.rev += 2;
    account.lastSeq += 1;
    const leg: Mutable<LegRow> = {
      slot: account.slot,
      account: number,
      seq: account.lastSeq,
      txn,
      key,
      homeSlot: slot,
      subject,
      spec,
      body,
      state: 'committed',
      reason: null,
      preparedAtMs,
      preparedUs: preparedAtMs * 1000,
      endedAtMs,
      commitUs: (startMs + DECIDED_MS) * 1000,
      journal: null,
      reservation: null,
      mark: null,
      refundedMinor: 0n,
      refundReservedMinor: 0n,
    };
    this.bucketOf(number).legs.push(leg);
    this.holds.began(number, txn, spec, preparedAtMs);
    this.holds.ended(number, txn, endedAtMs);
    return leg;
  }

  /** What a capture, void or refund changes on the leg that it builds on. */
  private buildOn(original: Mutable<LegRow>, { spec, txn }: Mutable<LegRow>): void {
    if (spec.effect === 'refund-debit') original.refundedMinor += spec.amountMinor;
    if (original.reservation === null) return;
    this.account(spec.account).holdsMinor -= original.reservation.reservedMinor;
    original.reservation = { ...original.reservation, status: spec.effect === 'capture' ? 'captured' : 'voided', reservedMinor: 0n, consumedBy: txn };
  }
}
