/** Rows in plain maps: for tests, simulations and hosts that keep a whole bucket in memory. */
import { type AccountNumber, type PaymentKey, type Slot, type TxnId, type SlotRange, isIn } from '@mas/values';
import type { Rows } from './ledger-state';
import { lockKey } from './lock-row';
import { lent } from './own-rows';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';
import type { MovedRows } from './slot-moves';

export class MemoryRows implements Rows {
  /** These as the bucket holds them: to be looked at, and not to be kept. */
  readonly accounts = new Map<AccountNumber, AccountRow>();
  readonly legs = new Map<AccountNumber, Map<TxnId, LegRow>>();
  readonly outcomes = new Map<PaymentKey, OutcomeRow>();
  readonly locks = new Map<string, LockRow>();

  /** Lent, as everything that is read here but what is read for apply. */
  account(number: AccountNumber): AccountRow | undefined {
    return lentIfAny(this.accounts.get(number));
  }

  leg(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return lentIfAny(this.legs.get(account)?.get(txn));
  }

  outcome(key: PaymentKey): OutcomeRow | undefined {
    return lentIfAny(this.outcomes.get(key));
  }

  accountInPlace(number: AccountNumber): AccountRow | undefined {
    return this.accounts.get(number);
  }

  legInPlace(account: AccountNumber, txn: TxnId): LegRow | undefined {
    return this.legs.get(account)?.get(txn);
  }

  outcomeInPlace(key: PaymentKey): OutcomeRow | undefined {
    return this.outcomes.get(key);
  }

  putAccount(row: AccountRow): void {
    this.accounts.set(row.number, row);
  }

  putLeg(row: LegRow): void {
    const legs = this.legs.get(row.account);
    if (legs === undefined) this.legs.set(row.account, new Map([[row.txn, row]]));
    else legs.set(row.txn, row);
  }

  putOutcome(row: OutcomeRow): void {
    this.outcomes.set(row.key, row);
  }

  putLock(row: LockRow): void {
    this.locks.set(lockKey(row), row);
  }

  removeLock(_slot: Slot, key: string): void {
    this.locks.delete(key);
  }

  dropSlots(slots: SlotRange): void {
    for (const [number, row] of this.accounts) if (isIn(slots, row.slot)) this.accounts.delete(number);
    for (const [account, legs] of this.legs) if ([...legs.values()].some((row) => isIn(slots, row.slot))) this.legs.delete(account);
    for (const [key, row] of this.outcomes) if (isIn(slots, row.slot)) this.outcomes.delete(key);
    for (const [key, row] of this.locks) if (isIn(slots, row.slot)) this.locks.delete(key);
  }

  /** Of these slots, as they would move. */
  inSlots(slots: SlotRange): MovedRows {
    const own = <Row extends { readonly slot: Slot }>(rows: readonly Row[]): readonly Row[] => rows.filter(({ slot }) => isIn(slots, slot));
    return { accounts: own(this.sortedAccounts()), legs: own(this.sortedLegs()), outcomes: own(this.sortedOutcomes()), locks: own(this.sortedLocks()) };
  }

  /** In key order: slot, account, seq. */
  sortedAccounts(): readonly AccountRow[] {
    return Array.from(this.accounts.values(), lent).sort((a, b) => a.slot - b.slot || compare(a.number, b.number));
  }

  sortedLegs(): readonly LegRow[] {
    return [...this.legs.values()]
      .flatMap((legs) => Array.from(legs.values(), lent))
      .sort((a, b) => a.slot - b.slot || compare(a.account, b.account) || a.seq - b.seq);
  }

  sortedOutcomes(): readonly OutcomeRow[] {
    return Array.from(this.outcomes.values(), lent).sort((a, b) => a.slot - b.slot || compare(a.key, b.key));
  }

  sortedLocks(): readonly LockRow[] {
    return [...this.locks.values()].sort((a, b) => a.slot - b.slot || compare(lockKey(a), lockKey(b)));
  }
}

function lentIfAny<Row extends object>(row: Row | undefined): Row | undefined {
  return row === undefined ? undefined : lent(row);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
