/**
 * Does a bucket add up? Fed with its rows in chunks, accounts before legs, without those that only come in; answers with differences as sentences. An account that has ended is
 * forgotten but for its sums, so that whoever feeds rows in the order of their keys needs no memory for a large bucket.
 * Proves from the rows alone what apply keeps by construction, so that a bug, a bad disk or a bad hand shows. Whether
 * the two sides of a payment agree across buckets is asked elsewhere.
 */
import { formatAmount, present, type AccountNumber, type AmountMinor, type Currency, type SlotRange, isIn } from '@mas/values';
import { AccountAudit, MAX_DIFFERENCES } from './account-audit';
import type { SlotOf } from './bucket-state';
import type { BucketMeta } from './ledger-state';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';
import type { AnyRow } from './row-text';
import { isStaged } from './slot-moves';

export interface BucketAuditReport {
  readonly accounts: number;
  readonly legs: number;
  readonly outcomes: number;
  /** Sentences; empty when the bucket adds up. */
  readonly differences: readonly string[];
}

export class BucketAudit {
  private readonly accounts = new Map<AccountNumber, { readonly row: AccountRow; readonly audit: AccountAudit }>();
  private readonly differences: string[] = [];
  private readonly balances = new Map<Currency, AmountMinor>();
  private readonly openings = new Map<Currency, AmountMinor>();
  private accountCount = 0;
  private legCount = 0;
  private outcomeCount = 0;
  private moreDifferences = 0;
  /** Rows of slots that are departing count until they are known to be elsewhere. */
  private readonly counted: readonly SlotRange[];

  constructor(
    private readonly meta: BucketMeta,
    private readonly slotOf: SlotOf,
  ) {
    this.counted = [...meta.slots, ...meta.moves.departing.map(({ slots }) => slots)];
  }

  addAccounts(rows: Iterable<AccountRow>): void {
    for (const row of rows) {
      this.accountCount += 1;
      if (this.accounts.has(row.number)) this.differs(`Account ${row.number} occurs twice.`);
      if (row.slot !== this.slotOf(row.number))
        this.differs(`Account ${row.number} lies in slot ${row.slot}, but its number's slot is ${this.slotOf(row.number)}.`);
      this.checkOwned(`Account ${row.number}`, row.slot);
      this.accounts.set(row.number, { row, audit: new AccountAudit(row) });
    }
  }

  /** Behind its last leg. @returns what its journal begins with */
  endAccount(number: AccountNumber): AmountMinor {
    const account = present(this.accounts.get(number), 'account of the audit');
    this.accounts.delete(number);
    const { row, audit } = account;
    const openingMinor = audit.finish();
    add(this.balances, row.currency, row.balanceMinor);
    add(this.openings, row.currency, openingMinor);
    for (const text of audit.differences) this.differs(text);
    return openingMinor;
  }

  addLegs(rows: Iterable<LegRow>): void {
    for (const leg of rows) {
      this.legCount += 1;
      const account = this.accounts.get(leg.account);
      if (account !== undefined) account.audit.addLeg(leg);
      // Tombstones of payments to unknown numbers stand alone.
      else if (leg.state !== 'aborted') this.differs(`Leg ${leg.txn} is ${leg.state} on ${leg.account}, which is no account.`);
    }
  }

  addOutcomes(rows: Iterable<OutcomeRow>): void {
    for (const outcome of rows) {
      this.outcomeCount += 1;
      this.checkOwned(`The outcome of ${outcome.txn}`, outcome.slot);
      const accounts = new Set(outcome.body.legs.map((leg) => leg.account));
      for (const { account } of outcome.untold) {
        if (!accounts.has(account)) this.differs(`The outcome of ${outcome.txn} has yet to tell ${account}, which has no leg in it.`);
      }
    }
  }

  addLocks(rows: Iterable<LockRow>): void {
    for (const lock of rows) {
      this.checkOwned(`Lock ${lock.lockId}`, lock.slot);
      if (lock.token > this.meta.lockSeq) this.differs(`Lock ${lock.lockId} has token ${lock.token}, above the bucket's last ${this.meta.lockSeq}.`);
    }
  }

  /** After the last chunk. */
  finish(): BucketAuditReport {
    for (const number of [...this.accounts.keys()]) this.endAccount(number);
    const { meta, accountCount } = this;
    for (const text of [
      ...comparedTotals('balances', this.balances, 'totals', meta.totals),
      ...comparedTotals('opening balances', this.openings, 'issued money', meta.issued),
    ])
      this.differs(text);
    if (accountCount !== meta.accountCount) this.differs(`The bucket has ${accountCount} accounts, but counts ${meta.accountCount}.`);
    return { accounts: accountCount, legs: this.legCount, outcomes: this.outcomeCount, differences: bounded(this.differences, this.moreDifferences) };
  }

  private checkOwned(what: string, slot: number): void {
    if (!this.counted.some((range) => isIn(range, slot))) this.differs(`${what} lies in slot ${slot}, which the bucket does not own.`);
  }

  private differs(text: string): void {
    if (this.differences.length < MAX_DIFFERENCES) this.differences.push(text);
    else this.moreDifferences += 1;
  }
}

/** The whole check at once, for rows that are at hand. */
export function checkBucket(
  meta: BucketMeta,
  slotOf: SlotOf,
  rows: {
    readonly accounts: Iterable<AccountRow>;
    readonly legs: Iterable<LegRow>;
    readonly outcomes: Iterable<OutcomeRow>;
    readonly locks: Iterable<LockRow>;
  },
): BucketAuditReport {
  const audit = new BucketAudit(meta, slotOf);
  const own = <Row extends AnyRow>(all: Iterable<Row>): readonly Row[] => [...all].filter(({ slot }) => !isStaged(meta.moves, slot));
  audit.addAccounts(own(rows.accounts));
  audit.addLegs(own(rows.legs));
  audit.addOutcomes(own(rows.outcomes));
  audit.addLocks(own(rows.locks));
  return audit.finish();
}

function add(sums: Map<Currency, AmountMinor>, currency: Currency, amountMinor: AmountMinor): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
}

function comparedTotals(what: string, found: ReadonlyMap<Currency, AmountMinor>, kept: string, said: ReadonlyMap<Currency, AmountMinor>): readonly string[] {
  return [...new Set([...found.keys(), ...said.keys()])].sort().flatMap((currency) => {
    const sum = found.get(currency) ?? 0n;
    const total = said.get(currency) ?? 0n;
    if (sum === total) return [];
    return [`The ${what} in ${currency} add up to ${formatAmount(sum, currency)}, but the bucket's ${kept} say ${formatAmount(total, currency)}.`];
  });
}

function bounded(differences: readonly string[], more: number): readonly string[] {
  return more === 0 ? differences : [...differences, `${more} more differences.`];
}
