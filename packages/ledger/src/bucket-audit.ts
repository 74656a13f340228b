/**
 * Does a bucket add up? Fed with its rows in chunks, accounts before legs; answers with differences as sentences.
 * Proves from the rows alone what apply keeps by construction, so that a bug, a bad disk or a bad hand shows. Whether
 * the two sides of a payment agree across buckets is asked elsewhere.
 */
import { formatAmount, type AccountNumber, type AmountMinor, type Currency } from '@mas/values';
import { AccountAudit } from './account-audit';
import type { SlotOf } from './bucket-state';
import type { BucketMeta } from './ledger-state';
import type { AccountRow, LegRow, LockRow, OutcomeRow } from './rows';

/** So many differences are spelled out; the rest is counted. */
const MAX_DIFFERENCES = 100;

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
  private legCount = 0;
  private outcomeCount = 0;

  constructor(
    private readonly meta: BucketMeta,
    private readonly slotOf: SlotOf,
  ) {}

  addAccounts(rows: Iterable<AccountRow>): void {
    for (const row of rows) {
      if (this.accounts.has(row.number)) this.differences.push(`Account ${row.number} occurs twice.`);
      if (row.slot !== this.slotOf(row.number))
        this.differences.push(`Account ${row.number} lies in slot ${row.slot}, but its number's slot is ${this.slotOf(row.number)}.`);
      this.checkOwned(`Account ${row.number}`, row.slot);
      this.accounts.set(row.number, { row, audit: new AccountAudit(row) });
    }
  }

  addLegs(rows: Iterable<LegRow>): void {
    for (const leg of rows) {
      this.legCount += 1;
      const account = this.accounts.get(leg.account);
      if (account !== undefined) account.audit.addLeg(leg);
      // Tombstones of payments to unknown numbers stand alone.
      else if (leg.state !== 'aborted') this.differences.push(`Leg ${leg.txn} is ${leg.state} on ${leg.account}, which is no account.`);
    }
  }

  addOutcomes(rows: Iterable<OutcomeRow>): void {
    for (const outcome of rows) {
      this.outcomeCount += 1;
      this.checkOwned(`The outcome of ${outcome.txn}`, outcome.slot);
      const accounts = new Set(outcome.body.legs.map((leg) => leg.account));
      for (const { account } of outcome.untold) {
        if (!accounts.has(account)) this.differences.push(`The outcome of ${outcome.txn} has yet to tell ${account}, which has no leg in it.`);
      }
    }
  }

  addLocks(rows: Iterable<LockRow>): void {
    for (const lock of rows) {
      this.checkOwned(`Lock ${lock.lockId}`, lock.slot);
      if (lock.token > this.meta.lockSeq) this.differences.push(`Lock ${lock.lockId} has token ${lock.token}, above the bucket's last ${this.meta.lockSeq}.`);
    }
  }

  /** After the last chunk. */
  finish(): BucketAuditReport {
    const balances = new Map<Currency, AmountMinor>();
    const openings = new Map<Currency, AmountMinor>();
    const differences = [...this.differences];
    for (const { row, audit } of this.accounts.values()) {
      add(balances, row.currency, row.balanceMinor);
      add(openings, row.currency, audit.finish());
      differences.push(...audit.differences);
    }
    compareTotals('balances', balances, 'totals', this.meta.totals, differences);
    compareTotals('opening balances', openings, 'issued money', this.meta.issued, differences);
    if (this.accounts.size !== this.meta.accountCount) differences.push(`The bucket has ${this.accounts.size} accounts, but counts ${this.meta.accountCount}.`);
    return { accounts: this.accounts.size, legs: this.legCount, outcomes: this.outcomeCount, differences: bounded(differences) };
  }

  private checkOwned(what: string, slot: number): void {
    if (!this.meta.slots.some(({ from, to }) => from <= slot && slot <= to))
      this.differences.push(`${what} lies in slot ${slot}, which the bucket does not own.`);
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
  audit.addAccounts(rows.accounts);
  audit.addLegs(rows.legs);
  audit.addOutcomes(rows.outcomes);
  audit.addLocks(rows.locks);
  return audit.finish();
}

function add(sums: Map<Currency, AmountMinor>, currency: Currency, amountMinor: AmountMinor): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + amountMinor);
}

function compareTotals(
  what: string,
  found: ReadonlyMap<Currency, AmountMinor>,
  kept: string,
  said: ReadonlyMap<Currency, AmountMinor>,
  differences: string[],
): void {
  for (const currency of [...new Set([...found.keys(), ...said.keys()])].sort()) {
    const sum = found.get(currency) ?? 0n;
    const total = said.get(currency) ?? 0n;
    if (sum !== total)
      differences.push(`The ${what} in ${currency} add up to ${formatAmount(sum, currency)}, but the bucket's ${kept} say ${formatAmount(total, currency)}.`);
  }
}

function bounded(differences: readonly string[]): readonly string[] {
  if (differences.length <= MAX_DIFFERENCES) return differences;
  return [...differences.slice(0, MAX_DIFFERENCES), `${differences.length - MAX_DIFFERENCES} more differences.`];
}
