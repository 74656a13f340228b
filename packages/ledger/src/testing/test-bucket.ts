/**
 * One bucket under test: a ledger over rows in memory that refuses every access which rowsTouched did not announce,
 * and that remembers its entries, so that they can be replayed and repeated.
 */
import { bucketId, invariant, slot, type AccountNumber, type PaymentKey, type Slot, type TxnId, type SlotRange } from '@mas/values';
import {
  checkBucket,
  emptyBucket,
  Ledger,
  MemoryRows,
  rowsTouched,
  rowText,
  SEMANTICS_VERSION,
  type AccountRow,
  type BucketMeta,
  type Instruction,
  type LedgerEntry,
  type LegRow,
  type LockRow,
  type Outcome,
  type OutcomeRow,
  type PinnedRows,
  type Rows,
} from '../index';
import { homeOf, POLICY, SLOTS_PER_LETTER, slotOf } from './builders';

export const START_MS = 1_700_000_000_000;
/** Entries between two checkpoints: between them rows change in place. */
const GATHERED_EVERY = 7;
const NOTHING_PINNED: PinnedRows = { prepared: [], openAuthorizations: [], undelivered: [], locks: [] };

export class TestBucket {
  readonly rows = new MemoryRows();
  readonly entries: LedgerEntry[] = [];
  readonly outcomes: Outcome[][] = [];
  ledger: Ledger;
  stampMs = START_MS;
  nextIndex = 1;

  /** Bucket `a` owns the slots of accounts a…, and so on. Of an earlier version: as an old log began it. */
  constructor(
    readonly letter: string,
    semanticsVersion = SEMANTICS_VERSION,
    policy = POLICY,
  ) {
    const first = (letter.charCodeAt(0) - 0x61) * SLOTS_PER_LETTER;
    this.ledger = new Ledger(emptyBucket(bucketId(letter.charCodeAt(0))), NOTHING_PINNED, slotOf, homeOf);
    this.run({ kind: 'genesis', slots: [{ from: slot(first), to: slot(first + SLOTS_PER_LETTER - 1) }], epoch: 1, policy, semanticsVersion });
  }

  /** One entry with one instruction. */
  run(instruction: Instruction): Outcome {
    const [outcome] = this.runEntry([instruction]);
    invariant(outcome !== undefined, 'an outcome per instruction');
    return outcome;
  }

  runEntry(instructions: readonly Instruction[]): Outcome[] {
    return this.apply({ stampMs: this.stampMs, behindUs: null, instructions });
  }

  /** The bucket is closed at the moment. */
  close(behindUs: number, instructions: readonly Instruction[] = []): Outcome[] {
    return this.apply({ stampMs: this.stampMs, behindUs, instructions });
  }

  /** Applies the same instruction once more, in a later entry: it must write nothing new. */
  repeat(instruction: Instruction): Outcome {
    const { rev } = this.ledger;
    const guard = this.guard([instruction]);
    const entry = { stampMs: this.stampMs, behindUs: null, instructions: [instruction] };
    const outcomes = this.applyWith(entry, guard);
    invariant(guard.news.length === 0 && this.ledger.rev === rev, 'a repetition changes nothing', { kind: instruction.kind, news: guard.news.join('; ') });
    const [outcome] = outcomes;
    invariant(outcome !== undefined, 'an outcome per instruction');
    return outcome;
  }

  account(number: string): AccountRow {
    const row = this.rows.account(number as AccountNumber);
    invariant(row !== undefined, 'the account exists', { number });
    return row;
  }

  leg(account: string, txn: TxnId): LegRow | undefined {
    return this.rows.leg(account as AccountNumber, txn);
  }

  differences(): readonly string[] {
    const { rows } = this;
    return checkBucket(this.ledger.meta(), slotOf, {
      accounts: rows.sortedAccounts(),
      legs: rows.sortedLegs(),
      outcomes: rows.sortedOutcomes(),
      locks: rows.sortedLocks(),
    }).differences;
  }

  /** Every row and scalar, one per line. */
  text(): string {
    return this.textWith(this.ledger.meta());
  }

  /** The same without the bucket's moment, which rises even by what changes nothing. */
  content(): string {
    return this.textWith({ ...this.ledger.meta(), momentUs: 0 });
  }

  private textWith(meta: BucketMeta): string {
    const { rows } = this;
    return [meta, ...rows.sortedAccounts(), ...rows.sortedLegs(), ...rows.sortedOutcomes(), ...rows.sortedLocks()].map(rowText).join('\n');
  }

  /** What is always in memory, sorted, from the ledger's own upkeep and as a restart would read it from the rows. */
  pinnedTexts(): { readonly kept: string; readonly rebuilt: string } {
    const legs = this.rows.sortedLegs();
    return {
      kept: pinnedText(this.ledger.pinned()),
      rebuilt: pinnedText({
        prepared: legs.filter((row) => row.state === 'prepared'),
        openAuthorizations: legs.filter((row) => row.reservation?.status === 'open' || row.reservation?.status === 'capturing'),
        undelivered: this.rows.sortedOutcomes().filter((row) => row.untold.length > 0),
        locks: this.rows.sortedLocks(),
      }),
    };
  }

  /** As after a crash: the ledger is built anew from its rows, which come in another order. */
  restart(): void {
    const { prepared, openAuthorizations, undelivered, locks } = this.ledger.pinned();
    const reversed = {
      prepared: [...prepared].reverse(),
      openAuthorizations: [...openAuthorizations].reverse(),
      undelivered: [...undelivered].reverse(),
      locks: [...locks].reverse(),
    };
    this.ledger = new Ledger(this.ledger.meta(), reversed, slotOf, homeOf);
  }

  private apply(entry: LedgerEntry): Outcome[] {
    return this.applyWith(entry, this.guard(entry.instructions));
  }

  private applyWith(entry: LedgerEntry, rows: Rows): Outcome[] {
    const outcomes = this.ledger.apply(entry, rows, this.nextIndex);
    for (const outcome of outcomes) freezeRows(outcome);
    if (this.nextIndex % GATHERED_EVERY === 0) this.gather();
    this.nextIndex += 1;
    this.entries.push(entry);
    this.outcomes.push(outcomes);
    return outcomes;
  }

  /** As a checkpoint does: who changes a row in place that was given away hears of it at once. */
  private gather(): void {
    const { rows } = this;
    for (const row of [...rows.sortedAccounts(), ...rows.sortedLegs(), ...rows.sortedOutcomes()]) Object.freeze(row);
  }

  private guard(instructions: readonly Instruction[]): GuardedRows {
    return new GuardedRows(this.rows, instructions, this.ledger);
  }
}

/** Lets through what rowsTouched announced for an entry, and notes puts that differ from what was there. */
class GuardedRows implements Rows {
  readonly news: string[] = [];
  private readonly announced = new Set<string>();
  /** Rows as they were before they changed, perhaps in place. */
  private readonly before = new Map<string, AccountRow | LegRow | OutcomeRow>();

  constructor(
    private readonly rows: MemoryRows,
    instructions: readonly Instruction[],
    ledger: Ledger,
  ) {
    for (const instruction of instructions) {
      const touched = rowsTouched(instruction, ledger);
      for (const number of touched.accounts) this.announced.add(`account ${number}`);
      for (const { account, txn } of touched.legs) this.announced.add(`leg ${account} ${txn}`);
      for (const key of touched.outcomes) this.announced.add(`outcome ${key}`);
    }
  }

  accountInPlace(number: AccountNumber): AccountRow | undefined {
    return this.read(`account ${number}`, this.rows.accountInPlace(number));
  }

  legInPlace(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.read(`leg ${account} ${txn}`, this.rows.legInPlace(account, txn));
  }

  outcomeInPlace(key: PaymentKey): OutcomeRow | undefined {
    return this.read(`outcome ${key}`, this.rows.outcomeInPlace(key));
  }

  putAccount(row: AccountRow): void {
    this.put(`account ${row.number}`, row);
    this.rows.putAccount(row);
  }

  putLeg(row: LegRow): void {
    const before = this.before.get(`leg ${row.account} ${row.txn}`) as LegRow | undefined;
    invariant(before === undefined || before.state === 'prepared' || (before.state === row.state && before.seq === row.seq), 'a leg that has ended stays so', {
      before: before?.state,
      after: row.state,
    });
    this.put(`leg ${row.account} ${row.txn}`, row);
    this.rows.putLeg(row);
  }

  putOutcome(row: OutcomeRow): void {
    this.put(`outcome ${row.key}`, row);
    this.rows.putOutcome(row);
  }

  putLock(row: LockRow): void {
    this.note(`lock ${row.lockId}`, this.rows.locks.get(row.lockId), row);
    this.rows.putLock(row);
  }

  removeLock(ofSlot: Slot, lockId: string): void {
    this.news.push(`lock ${lockId} removed`);
    this.rows.removeLock(ofSlot, lockId);
  }

  dropSlots(slots: SlotRange): void {
    this.news.push(`slots ${slots.from} to ${slots.to} dropped`);
    this.rows.dropSlots(slots);
  }

  private read<Row extends AccountRow | LegRow | OutcomeRow>(what: string, row: Row | undefined): Row | undefined {
    this.check(what);
    if (row !== undefined && !this.before.has(what)) this.before.set(what, { ...row });
    return row;
  }

  private put(what: string, row: AccountRow | LegRow | OutcomeRow): void {
    this.check(what);
    this.note(what, this.before.get(what), row);
    this.before.set(what, { ...row });
  }

  private check(row: string): void {
    invariant(this.announced.has(row), 'apply touches announced rows only', { row });
  }

  private note(what: string, before: AccountRow | LegRow | OutcomeRow | LockRow | undefined, after: AccountRow | LegRow | OutcomeRow | LockRow): void {
    if (before === undefined || rowText(before) !== rowText(after)) this.news.push(what);
  }
}

function freezeRows(outcome: Outcome): void {
  if ('leg' in outcome) Object.freeze(outcome.leg);
  if ('outcome' in outcome) Object.freeze(outcome.outcome);
  if ('bound' in outcome) Object.freeze(outcome.bound);
  if ('account' in outcome) Object.freeze(outcome.account);
}

function pinnedText(pinned: PinnedRows): string {
  return [pinned.prepared, pinned.openAuthorizations, pinned.undelivered, pinned.locks].map((rows) => rows.map(rowText).sort().join('\n')).join('\n--\n');
}
