/** In place of a bucket's books where rows of before were not read: journals are not there to be added up but for accounts that are new, whose legs have all been read. */
import { changeBy, type AccountRow, type BucketAudit, type LegRow } from '@mas/ledger';
import { present, type AccountNumber, type AmountMinor } from '@mas/values';

export class RecentRows implements Pick<BucketAudit, 'addAccounts' | 'addLegs' | 'endAccount' | 'addOutcomes' | 'addLocks' | 'finish'> {
  private readonly openings = new Map<AccountNumber, AmountMinor>();
  private accounts = 0;
  private legs = 0;
  private outcomes = 0;

  addAccounts(rows: Iterable<AccountRow>): void {
    for (const { number, balanceMinor } of rows) {
      this.accounts += 1;
      this.openings.set(number, balanceMinor);
    }
  }

  addLegs(rows: Iterable<LegRow>): void {
    for (const leg of rows) {
      this.legs += 1;
      const openingMinor = this.openings.get(leg.account);
      if (openingMinor !== undefined && leg.state === 'committed') this.openings.set(leg.account, openingMinor - changeBy(leg));
    }
  }

  /** What a new account was opened with; of another one nothing that means anything. */
  endAccount(number: AccountNumber): AmountMinor {
    const openingMinor = present(this.openings.get(number), 'account of the audit');
    this.openings.delete(number);
    return openingMinor;
  }

  addOutcomes(rows: Iterable<unknown>): void {
    this.outcomes += [...rows].length;
  }

  addLocks(): void {
    // Compared with other replicas', as all rows are.
  }

  finish(): ReturnType<BucketAudit['finish']> {
    return { accounts: this.accounts, legs: this.legs, outcomes: this.outcomes, differences: [] };
  }
}
