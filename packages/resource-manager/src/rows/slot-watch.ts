/**
 * Rows of some slots that change while these are copied to another bucket (docs/adr/0029): their keys, noted as they are put, so that nothing that the copy
 * lacks can be missed; and what has come to be since the copy, which its sums lack. Of bounded size: beyond it the copy is worth nothing.
 */
import type { AccountRow, LegAddress, LegRow, OutcomeRow, RowsTouched } from '@mas/ledger';
import { type AccountNumber, type AmountMinor, type Currency, type PaymentKey, type SlotRange, isIn } from '@mas/values';

/** Rows that are not in the copy. */
export interface RowsMade {
  readonly legs: number;
  readonly outcomes: number;
  /** Of accounts: what they were opened with. */
  readonly openings: ReadonlyMap<Currency, AmountMinor>;
}

type Making = { readonly kind: 'leg' | 'outcome' } | { readonly kind: 'account'; readonly currency: Currency; readonly openingMinor: AmountMinor };

export class SlotWatch {
  private accounts = new Set<AccountNumber>();
  private legs = new Map<string, LegAddress>();
  private outcomes = new Set<PaymentKey>();
  /** Until it is known what the copy has. */
  private undated: { readonly index: number; readonly making: Making }[] | null = [];
  private readonly openings = new Map<Currency, AmountMinor>();
  private legsMade = 0;
  private outcomesMade = 0;
  private overflown = false;

  /**
   * @param index of the entry that is being applied
   * @param maxKeys that may be noted and not taken
   */
  constructor(
    private readonly slots: SlotRange,
    private readonly index: () => number,
    private readonly maxKeys: number,
  ) {}

  /** Keys that are noted. */
  get size(): number {
    return this.accounts.size + this.legs.size + this.outcomes.size;
  }

  /** More has changed than it had room for. */
  get isOverflown(): boolean {
    return this.overflown;
  }

  account(row: AccountRow, isNew: boolean): void {
    if (!this.notes(row)) return;
    this.accounts.add(row.number);
    if (isNew) this.make({ kind: 'account', currency: row.currency, openingMinor: row.balanceMinor });
  }

  leg(row: LegRow, isNew: boolean): void {
    if (!this.notes(row)) return;
    // A txn has a fixed length.
    this.legs.set(row.txn + row.account, { account: row.account, txn: row.txn });
    if (isNew) this.make({ kind: 'leg' });
  }

  outcome(row: OutcomeRow, isNew: boolean): void {
    if (!this.notes(row)) return;
    this.outcomes.add(row.key);
    if (isNew) this.make({ kind: 'outcome' });
  }

  /** The copy is of this index. */
  copiedAt(index: number): void {
    for (const { index: madeAt, making } of this.undated ?? []) if (madeAt > index) this.count(making);
    this.undated = null;
  }

  /** Keys of rows that have changed since the copy, or since they were taken last; from now on they are noted anew. */
  take(): RowsTouched {
    const taken = { accounts: [...this.accounts], legs: [...this.legs.values()], outcomes: [...this.outcomes] };
    this.accounts = new Set();
    this.legs = new Map();
    this.outcomes = new Set();
    return taken;
  }

  /** Once it is known what the copy has. */
  made(): RowsMade {
    return { legs: this.legsMade, outcomes: this.outcomesMade, openings: new Map(this.openings) };
  }

  private notes({ slot }: { readonly slot: number }): boolean {
    if (this.overflown || !isIn(this.slots, slot)) return false;
    this.overflown = this.size + (this.undated?.length ?? 0) >= this.maxKeys;
    return !this.overflown;
  }

  private make(making: Making): void {
    if (this.undated === null) this.count(making);
    else this.undated.push({ index: this.index(), making });
  }

  private count(making: Making): void {
    if (making.kind === 'account') this.openings.set(making.currency, (this.openings.get(making.currency) ?? 0n) + making.openingMinor);
    else if (making.kind === 'leg') this.legsMade += 1;
    else this.outcomesMade += 1;
  }
}
