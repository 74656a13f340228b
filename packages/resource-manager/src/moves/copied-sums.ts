/** What the rows of a move add up to where they come from: those of the copy, and what has changed in them since. */
import { MovedSumming, type AccountRow, type MovedSums } from '@mas/ledger';
import type { AccountNumber, AmountMinor, Currency } from '@mas/values';
import type { RowsMade } from '../rows/slot-watch';
import type { MovedRow } from './import-parts';

export class CopiedSums {
  private readonly copy = new MovedSumming();
  /** Of each account as it was counted last. */
  private readonly balances = new Map<AccountNumber, AmountMinor>();
  private readonly changes = new Map<Currency, AmountMinor>();

  get accounts(): number {
    return this.balances.size;
  }

  /** A row of the copy; each comes once. */
  add(moved: MovedRow): void {
    if (moved.kind === 'legs') this.copy.leg(moved.row);
    else if (moved.kind === 'outcomes') this.copy.outcome(true);
    else if (moved.kind === 'locks') this.copy.lock(true);
    else {
      this.copy.account(moved.row);
      this.balances.set(moved.row.number, moved.row.balanceMinor);
    }
  }

  /** It has changed since, or has come to be. */
  changed({ number, currency, balanceMinor }: AccountRow): void {
    const before = this.balances.get(number) ?? 0n;
    this.balances.set(number, balanceMinor);
    this.changes.set(currency, (this.changes.get(currency) ?? 0n) + balanceMinor - before);
  }

  ofCopy(): MovedSums {
    return this.copy.sums();
  }

  /** Once the last version of each account has been told. Openings do not change: only new accounts bring some. */
  with({ legs, outcomes, openings }: RowsMade, locks: number): MovedSums {
    const copy = this.copy.sums();
    return {
      accounts: this.balances.size,
      legs: copy.legs + legs,
      outcomes: copy.outcomes + outcomes,
      locks: copy.locks + locks,
      balances: sumOf(copy.balances, this.changes),
      openings: sumOf(copy.openings, openings),
    };
  }
}

/** Sorted by currency. */
function sumOf(some: ReadonlyMap<Currency, AmountMinor>, more: ReadonlyMap<Currency, AmountMinor>): ReadonlyMap<Currency, AmountMinor> {
  const sums = new Map(some);
  for (const [currency, amountMinor] of more) sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}
