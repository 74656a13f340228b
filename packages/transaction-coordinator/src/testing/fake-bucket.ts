/** One bucket for tests: the real ledger, unreplicated, and the reads of its leader. */
import { createHash } from 'node:crypto';
import {
  BucketAudit,
  checkBucket,
  countedSlots,
  directionOf,
  emptyBucket,
  Ledger,
  MemoryRows,
  MomentAudit,
  rowText,
  SEMANTICS_VERSION,
  type Instruction,
  type LegRow,
  type Outcome,
  type OutcomeRow,
  type Policy,
} from '@mas/ledger';
import { homeSlotOfKey, slotOfAccount } from '@mas/placement';
import type {
  AccountReading,
  LegQuery,
  ParticipantReply,
  ParticipantRequest,
  ReadLevel,
  ReadMoment,
  ReplicaChecksum,
  ReplicaFindings,
} from '@mas/two-phase-commit';
import { SlotSet, type AccountNumber, type BucketId, type Clock, type Currency, type PaymentKey, type RmId, type Slot } from '@mas/values';

const POLICY: Policy = { version: 1, numberPattern: 'any', minimumBalanceMinor: 0n, maximumAmountMinor: 1_000_000_000n };

type Accounts = Extract<ParticipantReply, { readonly kind: 'accounts' }>;

/** @param closedAtUs whatever the home decides afterwards lies behind it */
export type AskHome = (key: PaymentKey, homeSlot: Slot, closedAtUs: number | null) => OutcomeRow | null | 'unreachable';

export class FakeBucket {
  readonly rows = new MemoryRows();
  readonly ledger: Ledger;
  readonly alarms: Outcome[] = [];
  entries = 0;

  constructor(
    readonly id: BucketId,
    slots: readonly { readonly from: Slot; readonly to: Slot }[],
    private readonly clock: Clock,
    private readonly askHome: AskHome,
  ) {
    this.ledger = new Ledger(emptyBucket(id), { prepared: [], openAuthorizations: [], undelivered: [], locks: [] }, slotOfAccount, homeSlotOfKey);
    this.apply([{ kind: 'genesis', slots, epoch: 1, policy: POLICY, semanticsVersion: SEMANTICS_VERSION }]);
  }

  apply(instructions: readonly Instruction[]): readonly Outcome[] {
    this.entries += 1;
    const outcomes = this.ledger.apply({ stampMs: this.clock.wallMs(), behindUs: null, instructions }, this.rows, this.entries);
    for (const outcome of outcomes) this.alarms.push(...(outcome.kind === 'each' ? outcome.outcomes : [outcome]).filter(({ kind }) => kind === 'alarm'));
    return outcomes;
  }

  /** Carries the bucket's order ahead, as a read at that moment does. */
  close(behindUs: number): void {
    this.entries += 1;
    this.ledger.apply({ stampMs: this.clock.wallMs(), behindUs, instructions: [] }, this.rows, this.entries);
  }

  /** Legs that are prepared ask their homes, and homes tell; what leaders do by themselves. */
  resolve(send: (slot: Slot, instruction: Instruction) => Outcome): void {
    for (const leg of [...this.ledger.preparedLegs()]) {
      if (leg.body === null) continue;
      const outcome = send(leg.homeSlot, {
        kind: 'resolve',
        txn: leg.txn,
        key: leg.key,
        homeSlot: leg.homeSlot,
        body: leg.body,
        subject: { kind: 'system' },
        askedAtMs: null,
      });
      if (outcome.kind === 'decided') this.apply([settlement(leg, outcome.outcome)]);
      // The id belongs to another transaction.
      if (outcome.kind === 'conflict')
        this.apply([
          {
            kind: 'rollback',
            txn: leg.txn,
            account: leg.account,
            key: leg.key,
            homeSlot: leg.homeSlot,
            spec: leg.spec,
            reason: { name: 'ID_CONFLICT', account: null, facts: {} },
          },
        ]);
    }
    for (const row of [...this.ledger.undelivered()]) {
      for (const { account } of row.untold) {
        const spec = row.body.legs.find((leg) => leg.account === account);
        if (spec === undefined) continue;
        const { txn, key, slot: homeSlot, decision } = row;
        send(
          slotOfAccount(account),
          decision.kind === 'committed'
            ? { kind: 'commit', txn, account, commitUs: decision.commitUs }
            : { kind: 'rollback', txn, key, homeSlot, account, spec, reason: decision.reason },
        );
      }
      this.apply([{ kind: 'acknowledge', key: row.key, txn: row.txn, accounts: row.untold.map((untold) => untold.account) }]);
    }
  }

  /** Null where a home that must be asked does not answer. */
  read(numbers: readonly AccountNumber[], level: ReadLevel, at: ReadMoment): Omit<Accounts, 'kind'> | null {
    if (level === 'uncommitted') return { readings: numbers.map((number) => this.reading(number)), momentUs: null, asStored: true };
    if (typeof at === 'number') return this.readAt(numbers, at);
    let chosenUs = this.ledger.momentUs;
    for (const leg of this.preparedOn(numbers)) {
      const recorded = this.askHome(leg.key, leg.homeSlot, null);
      if (recorded === 'unreachable') return null;
      chosenUs = Math.max(chosenUs, commitTimeOf(leg, recorded) ?? 0);
    }
    return typeof at === 'object' ? { readings: [], momentUs: chosenUs, asStored: false } : this.readAt(numbers, chosenUs);
  }

  /** Whatever is applied from here on lies behind it. */
  closeAt(us: number): void {
    if (this.ledger.momentUs >= us) return;
    this.entries += 1;
    this.ledger.apply({ stampMs: this.clock.wallMs(), behindUs: us, instructions: [] }, this.rows, this.entries);
  }

  private readAt(numbers: readonly AccountNumber[], us: number): Omit<Accounts, 'kind'> | null {
    this.closeAt(us);
    const changes = new Map<AccountNumber, bigint>();
    const change = ({ account, spec }: LegRow, sign: bigint): unknown =>
      changes.set(account, (changes.get(account) ?? 0n) + sign * BigInt(directionOf(spec.effect)) * spec.amountMinor);
    for (const number of numbers)
      for (const leg of this.rows.legs.get(number)?.values() ?? []) if (leg.state === 'committed' && (leg.commitUs ?? 0) > us) change(leg, -1n);
    for (const leg of this.preparedOn(numbers)) {
      if ((leg.preparedUs ?? 0) > us) continue;
      const recorded = this.askHome(leg.key, leg.homeSlot, us);
      if (recorded === 'unreachable') return null;
      if ((commitTimeOf(leg, recorded) ?? Number.POSITIVE_INFINITY) <= us) change(leg, 1n);
    }
    const readings = numbers
      .map((number) => ((this.rows.account(number)?.createdUs ?? 0) <= us ? this.reading(number) : null))
      .map((row) => (row === null ? null : { ...row, balanceMinor: row.balanceMinor + (changes.get(row.number) ?? 0n) }));
    return { readings, momentUs: us, asStored: changes.size === 0 };
  }

  /** Sums of balances as of that moment. */
  totalsAt(us: number): ReadonlyMap<Currency, bigint> | null {
    const counted = countedSlots(this.ledger.meta());
    const numbers = this.rows.sortedAccounts().flatMap(({ number, slot }) => (counted.has(slot) ? number : []));
    const answer = this.readAt(numbers, us);
    if (answer === null) return null;
    const sums = new Map<Currency, bigint>();
    for (const reading of answer.readings) if (reading !== null) sums.set(reading.currency, (sums.get(reading.currency) ?? 0n) + reading.balanceMinor);
    return sums;
  }

  private preparedOn(numbers: readonly AccountNumber[]): readonly LegRow[] {
    return [...this.ledger.countedPreparedLegs()].filter(({ account }) => numbers.includes(account));
  }

  reading(number: AccountNumber): AccountReading | null {
    const row = this.rows.account(number);
    return row === undefined ? null : { ...row, preparedTxns: this.ledger.preparedOn(number).map((leg) => leg.txn) };
  }

  legs(query: LegQuery): { readonly legs: readonly LegRow[]; readonly nextCursorSeq: number | null } {
    const { account, direction, cursorSeq, limit, state } = query;
    const sign = direction === 'oldest-first' ? 1 : -1;
    const found = [...(this.rows.legs.get(account)?.values() ?? [])]
      .sort((a, b) => sign * (a.seq - b.seq))
      .filter((leg) => (cursorSeq === null || sign * (leg.seq - cursorSeq) > 0) && (state === null || leg.state === state));
    const legs = found.slice(0, limit);
    return { legs, nextCursorSeq: found.length > limit ? (legs[legs.length - 1]?.seq ?? null) : null };
  }

  differences(): readonly string[] {
    const { rows } = this;
    return checkBucket(this.ledger.meta(), slotOfAccount, {
      accounts: rows.sortedAccounts(),
      legs: rows.sortedLegs(),
      outcomes: rows.sortedOutcomes(),
      locks: rows.sortedLocks(),
    }).differences;
  }

  checksum(rm: RmId): ReplicaChecksum {
    const accounts = this.rows.accounts.size;
    const legs = this.rows.sortedLegs().length;
    return { bucket: this.id, rm, appliedIndex: this.entries, sha256: this.sha256(), differences: this.differences(), accounts, legs };
  }

  /** All replicas are one here. Null: a home does not answer. */
  findings(rm: RmId, { momentUs, timesSinceUs, parts, from, slots }: Extract<ParticipantRequest, { kind: 'audit' }>): ReplicaFindings | null {
    this.closeAt(momentUs);
    const meta = this.ledger.meta();
    const books = new BucketAudit(meta, slotOfAccount);
    const asked = slots === null ? countedSlots(meta) : SlotSet.of(slots);
    const asOf = new MomentAudit({ us: momentUs, timesSinceUs, fromUs: from?.us ?? 0, parts: parts.length === 0 ? null : new Set(parts) });
    const isRead = (atMs: number): boolean => from === null || atMs >= from.laterMs;
    for (const row of this.rows.sortedAccounts()) {
      if (!countedSlots(meta).has(row.slot)) continue;
      books.addAccounts([row]);
      for (const leg of this.rows.sortedLegs().filter(({ account }) => account === row.number)) {
        books.addLegs([leg]);
        if (asked.has(leg.slot) && (isRead(leg.preparedAtMs) || leg.state === 'prepared')) asOf.addLeg(leg);
      }
      const openingMinor = books.endAccount(row.number);
      if (asked.has(row.slot)) asOf.endAccount(row, openingMinor);
    }
    for (const leg of asOf.takeUnanswered()) {
      const recorded = this.askHome(leg.key, leg.homeSlot, momentUs);
      if (recorded === 'unreachable') return null;
      const commitUs = commitTimeOf(leg, recorded);
      if (commitUs !== null) asOf.addDecidedLeg(leg, commitUs);
    }
    for (const outcome of this.rows.sortedOutcomes())
      if (asked.common(countedSlots(meta)).has(outcome.slot) && isRead(outcome.decision.atMs)) asOf.addOutcome(outcome);
    return { checksum: this.checksum(rm), moment: asOf.finish(meta.stampMs), lacking: asked.without(countedSlots(meta)).ranges() };
  }

  private sha256(): string {
    const { rows } = this;
    const text = [...rows.sortedAccounts(), ...rows.sortedLegs(), ...rows.sortedOutcomes()].map(rowText).join('\n');
    return createHash('sha256').update(text).digest('hex');
  }
}

function commitTimeOf({ txn }: LegRow, recorded: OutcomeRow | null): number | null {
  return recorded?.txn === txn && recorded.decision.kind === 'committed' ? recorded.decision.commitUs : null;
}

function settlement(leg: LegRow, { decision }: OutcomeRow): Instruction {
  const { txn, account, key, homeSlot, spec } = leg;
  return decision.kind === 'committed'
    ? { kind: 'commit', txn, account, commitUs: decision.commitUs }
    : { kind: 'rollback', txn, key, homeSlot, account, spec, reason: decision.reason };
}
