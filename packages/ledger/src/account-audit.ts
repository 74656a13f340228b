/**
 * Adds up one account from its legs: the journal chains from the opening balance to the present one, prepared legs
 * and reservations make up holds and pending credits, refunds make up what their originals say. Legs arrive in any
 * order; memory is bounded by how far their order is from the journal's, and by the account's refunds.
 */
import { formatAmount, type AmountMinor, type TxnId } from '@mas/values';
import { directionOf } from './leg-effect';
import type { AccountRow, LegRow } from './rows';

/** So many differences are spelled out; the rest is counted. */
export const MAX_DIFFERENCES = 100;

interface JournalStep {
  readonly beforeMinor: AmountMinor;
  readonly afterMinor: AmountMinor;
}

interface RefundSums {
  readonly takenMinor: AmountMinor;
  readonly reservedMinor: AmountMinor;
}

export class AccountAudit {
  readonly differences: string[] = [];
  private holdsMinor: AmountMinor = 0n;
  private pendingMinor: AmountMinor = 0n;
  private openingMinor: AmountMinor | null = null;
  private journalSeq = 0;
  private journalBalance: AmountMinor = 0n;
  /** Journal positions that came before their predecessors. */
  private readonly early = new Map<number, JournalStep>();
  /** Per original: what its refunds add up to, less what it says itself; an entry that becomes zero is dropped. */
  private readonly refunds = new Map<TxnId, RefundSums>();
  private greatestSeq = 0;

  constructor(private readonly account: AccountRow) {}

  addLeg(leg: LegRow): void {
    if (leg.seq > this.greatestSeq) this.greatestSeq = leg.seq;
    this.checkForm(leg);
    const { effect, amountMinor } = leg.spec;
    if (leg.state === 'prepared') {
      if (effect === 'credit') this.pendingMinor += amountMinor;
      else if (effect !== 'capture' && effect !== 'void') this.holdsMinor += amountMinor;
    }
    if (leg.reservation !== null) this.holdsMinor += leg.reservation.reservedMinor;
    this.addRefund(leg);
    if (leg.journal !== null) {
      const deltaMinor = directionOf(effect) === 1 ? amountMinor : -amountMinor;
      this.addJournal(leg.journal.seq, { beforeMinor: leg.journal.balanceAfterMinor - deltaMinor, afterMinor: leg.journal.balanceAfterMinor });
    }
  }

  /** The opening balance that the journal implies; call after the last leg. */
  finish(): AmountMinor {
    const { balanceMinor, holdsMinor, pendingCreditsMinor, minimumMinor, journalSeq, lastSeq, status } = this.account;
    const openingMinor = this.openingMinor ?? balanceMinor;
    if (this.early.size > 0) this.differs(`its journal has no position ${this.journalSeq + 1}`);
    if (this.journalSeq + this.early.size !== journalSeq)
      this.differs(`its journal has ${this.journalSeq + this.early.size} positions instead of ${journalSeq}`);
    if (this.openingMinor !== null) this.compare('its journal ends at', this.journalBalance, 'its balance is', balanceMinor);
    this.compare('its legs hold', this.holdsMinor, 'its holds are', holdsMinor);
    this.compare('its legs promise', this.pendingMinor, 'its pending credits are', pendingCreditsMinor);
    for (const [txn, { takenMinor, reservedMinor }] of this.refunds) {
      this.differs(`refunds of ${txn} differ from what its leg says by ${this.money(takenMinor)} taken and ${this.money(reservedMinor)} reserved`);
    }
    if (this.greatestSeq > lastSeq) this.differs(`it has a leg with sequence ${this.greatestSeq}, above its last ${lastSeq}`);
    if (status !== 'closed' && balanceMinor - holdsMinor < minimumMinor)
      this.differs(`balance less holds is ${this.money(balanceMinor - holdsMinor)}, below its minimum ${this.money(minimumMinor)}`);
    return openingMinor;
  }

  private addJournal(seq: number, step: JournalStep): void {
    if (seq <= this.journalSeq || this.early.has(seq)) {
      this.differs(`its journal has position ${seq} twice`);
      return;
    }
    this.early.set(seq, step);
    for (let next = this.early.get(this.journalSeq + 1); next !== undefined; next = this.early.get(this.journalSeq + 1)) {
      this.journalSeq += 1;
      this.early.delete(this.journalSeq);
      if (this.openingMinor === null) this.openingMinor = next.beforeMinor;
      else if (next.beforeMinor !== this.journalBalance)
        this.differs(
          `its journal's position ${this.journalSeq} starts at ${this.money(next.beforeMinor)}, but the one before ended at ${this.money(this.journalBalance)}`,
        );
      this.journalBalance = next.afterMinor;
    }
  }

  private addRefund(leg: LegRow): void {
    if (leg.refundedMinor !== 0n || leg.refundReservedMinor !== 0n) this.refundSums(leg.txn, -leg.refundedMinor, -leg.refundReservedMinor);
    const original = leg.body?.reference?.txn;
    if (leg.spec.effect !== 'refund-debit' || original === undefined) return;
    if (leg.state === 'committed') this.refundSums(original, leg.spec.amountMinor, 0n);
    if (leg.state === 'prepared') this.refundSums(original, 0n, leg.spec.amountMinor);
  }

  private refundSums(txn: TxnId, takenMinor: AmountMinor, reservedMinor: AmountMinor): void {
    const sums = this.refunds.get(txn) ?? { takenMinor: 0n, reservedMinor: 0n };
    const next = { takenMinor: sums.takenMinor + takenMinor, reservedMinor: sums.reservedMinor + reservedMinor };
    if (next.takenMinor === 0n && next.reservedMinor === 0n) this.refunds.delete(txn);
    else this.refunds.set(txn, next);
  }

  private checkForm(leg: LegRow): void {
    const moves = leg.state === 'committed' && directionOf(leg.spec.effect) !== 0;
    if (leg.account !== leg.spec.account || leg.slot !== this.account.slot)
      this.differs(`leg ${leg.txn} names account ${leg.spec.account} in slot ${leg.slot}`);
    if (leg.spec.currency !== this.account.currency && leg.state !== 'aborted') this.differs(`leg ${leg.txn} is in ${leg.spec.currency}`);
    if (moves !== (leg.journal !== null)) this.differs(`leg ${leg.txn} is ${leg.state} and has ${moves ? 'no' : 'a'} journal position`);
    if ((leg.state === 'aborted') !== (leg.reason !== null)) this.differs(`leg ${leg.txn} is ${leg.state} and has ${leg.reason === null ? 'no' : 'a'} reason`);
    if ((leg.state === 'prepared') !== (leg.endedAtMs === null))
      this.differs(`leg ${leg.txn} is ${leg.state} and has ${leg.endedAtMs === null ? 'no' : 'an'} end`);
    if ((leg.reservation !== null) !== (leg.state === 'committed' && leg.spec.effect === 'authorize'))
      this.differs(`leg ${leg.txn} is ${leg.state}, of effect ${leg.spec.effect}, and has ${leg.reservation === null ? 'no' : 'a'} reservation`);
  }

  private compare(what: string, foundMinor: AmountMinor, other: string, saidMinor: AmountMinor): void {
    if (foundMinor !== saidMinor) this.differs(`${what} ${this.money(foundMinor)}, but ${other} ${this.money(saidMinor)}`);
  }

  private money(amountMinor: AmountMinor): string {
    return formatAmount(amountMinor, this.account.currency);
  }

  /** An account with a million legs may differ in each. */
  private differs(what: string): void {
    if (this.differences.length < MAX_DIFFERENCES) this.differences.push(`Account ${this.account.number}: ${what}.`);
  }
}
