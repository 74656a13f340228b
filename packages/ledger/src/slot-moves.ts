/**
 * Slots that move between buckets (docs/adr/0029): what a bucket keeps of a move while it is under way, and afterwards. The bucket that has the slots
 * *releases* them, the other one *adopts* them, or declines for good; its log decides. In between nobody owns them.
 */
import { type AmountMinor, type BucketId, type Currency, type SlotRange, isIn } from '@mas/values';
import { directionOf } from './leg-effect';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';

/** Names a move in the whole cluster. Of the moves of one slot a later one has the higher number. */
export type MoveNumber = number;

export interface SlotMoves {
  /** Added to what a leg's seq is made of, so that it lies behind those that have come with slots. */
  readonly seqBase: number;
  /** The last move of each slot that the bucket has had a part in, as sorted ranges. */
  readonly moved: readonly MovedRange[];
  /** Released, and not known to be adopted; by move. */
  readonly departing: readonly Departure[];
  /** Coming in; by move. */
  readonly arriving: readonly Arrival[];
}

export interface MovedRange extends SlotRange {
  readonly move: MoveNumber;
}

export interface Departure {
  readonly move: MoveNumber;
  readonly slots: SlotRange;
  readonly to: BucketId;
  readonly handover: Handover;
}

export interface Arrival {
  readonly move: MoveNumber;
  readonly slots: SlotRange;
  readonly from: BucketId;
  /** Each attempt brings all rows again; of the one before nothing remains. */
  readonly attempt: number;
  /** Parts of it that have come. */
  readonly parts: number;
  readonly sums: MovedSums;
}

/** What the next owner takes over beside the rows, as of the release. */
export interface Handover {
  readonly lockSeq: number;
  /** Of the release: nothing that the bucket did to the slots lies behind it. */
  readonly momentUs: number;
  readonly momentsSinceUs: number;
  /** No tombstone of a number without an account has a greater seq; accounts know their own. */
  readonly lastSeq: number;
  readonly semanticsVersion: number;
  readonly policyVersion: number;
}

/** Of the rows of a move. Sums per currency, also of zero where an account has it. */
export interface MovedSums {
  readonly accounts: number;
  readonly legs: number;
  readonly outcomes: number;
  readonly locks: number;
  readonly balances: ReadonlyMap<Currency, AmountMinor>;
  /** Of opening balances: balances less all that has been committed. */
  readonly openings: ReadonlyMap<Currency, AmountMinor>;
}

export interface MovedRows {
  readonly accounts: readonly AccountRow[];
  readonly legs: readonly LegRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly locks: readonly LockRow[];
}

export const NO_MOVES: SlotMoves = { seqBase: 0, moved: [], departing: [], arriving: [] };
export const NO_SUMS: MovedSums = { accounts: 0, legs: 0, outcomes: 0, locks: 0, balances: new Map(), openings: new Map() };

/** Rows that come in, and are nobody's yet. */
export function isStaged({ arriving }: SlotMoves, slot: number): boolean {
  return arriving.some(({ slots }) => isIn(slots, slot));
}

/** Adds up rows, one version of each. */
export class MovedSumming {
  private readonly balances: Map<Currency, AmountMinor>;
  private readonly openings: Map<Currency, AmountMinor>;
  private accounts: number;
  private legs: number;
  private outcomes: number;
  private locks: number;

  constructor(sums: MovedSums = NO_SUMS) {
    this.balances = new Map(sums.balances);
    this.openings = new Map(sums.openings);
    ({ accounts: this.accounts, legs: this.legs, outcomes: this.outcomes, locks: this.locks } = sums);
  }

  /** @param before its earlier version, which counts no more */
  account(row: AccountRow, before?: AccountRow): void {
    if (before === undefined) this.accounts += 1;
    const changeMinor = row.balanceMinor - (before?.balanceMinor ?? 0n);
    add(this.balances, row.currency, changeMinor);
    add(this.openings, row.currency, changeMinor);
  }

  leg(row: LegRow, before?: LegRow): void {
    if (before === undefined) this.legs += 1;
    const changeMinor = movedBy(row) - (before === undefined ? 0n : movedBy(before));
    if (changeMinor !== 0n) add(this.openings, row.spec.currency, -changeMinor);
  }

  outcome(isNew: boolean): void {
    if (isNew) this.outcomes += 1;
  }

  lock(isNew: boolean): void {
    if (isNew) this.locks += 1;
  }

  rows({ accounts, legs, outcomes, locks }: MovedRows): void {
    for (const row of accounts) this.account(row);
    for (const row of legs) this.leg(row);
    for (let left = outcomes.length; left > 0; left -= 1) this.outcome(true);
    for (let left = locks.length; left > 0; left -= 1) this.lock(true);
  }

  /** Maps sorted by currency, so that equal sums have equal copies. */
  sums(): MovedSums {
    const { accounts, legs, outcomes, locks } = this;
    return { accounts, legs, outcomes, locks, balances: sorted(this.balances), openings: sorted(this.openings) };
  }
}

export function sameSums(a: MovedSums, b: MovedSums): boolean {
  return (
    a.accounts === b.accounts &&
    a.legs === b.legs &&
    a.outcomes === b.outcomes &&
    a.locks === b.locks &&
    sameAmounts(a.balances, b.balances) &&
    sameAmounts(a.openings, b.openings)
  );
}

function movedBy({ journal, spec }: LegRow): AmountMinor {
  return journal === null ? 0n : BigInt(directionOf(spec.effect)) * spec.amountMinor;
}

function add(sums: Map<Currency, AmountMinor>, currency: Currency, amountMinor: AmountMinor): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
}

function sorted(amounts: ReadonlyMap<Currency, AmountMinor>): ReadonlyMap<Currency, AmountMinor> {
  return new Map([...amounts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sameAmounts(a: ReadonlyMap<Currency, AmountMinor>, b: ReadonlyMap<Currency, AmountMinor>): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every((currency) => (a.get(currency) ?? 0n) === (b.get(currency) ?? 0n));
}
